package main

import (
	"fmt"
	"math/rand"
	"strings"
	"time"

	apps "k8s.io/api/apps/v1"
	coordination "k8s.io/api/coordination/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	rbac "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func namespaceOf(worker int) string { return fmt.Sprintf("team-%d", worker) }

func named(name string) meta.ObjectMeta {
	return meta.ObjectMeta{
		Name: name,
		Labels: map[string]string{
			"app.kubernetes.io/name":    "shop",
			"app.kubernetes.io/part-of": "e2e",
		},
	}
}

func namespace(name string) *core.Namespace { return &core.Namespace{ObjectMeta: named(name)} }

func node() *core.Node {
	return &core.Node{
		ObjectMeta: meta.ObjectMeta{
			Name:   "node-1",
			Labels: map[string]string{"kubernetes.io/os": "linux"},
		},
		Status: core.NodeStatus{
			Capacity: core.ResourceList{
				core.ResourceCPU:    resource.MustParse("4"),
				core.ResourceMemory: resource.MustParse("16Gi"),
			},
			NodeInfo: core.NodeSystemInfo{
				KernelVersion:   "6.1.0",
				OperatingSystem: "linux",
				Architecture:    "amd64",
			},
		},
	}
}

// words is text that looks like configuration: it neither compresses to nothing nor is noise.
func words(chance *rand.Rand, bytes int) string {
	var text strings.Builder
	for text.Len() < bytes {
		value := fmt.Sprintf("%x", chance.Int63())
		fmt.Fprintf(&text, "%s.%s = %q\n", pick(chance, nouns), pick(chance, nouns), value)
	}
	return text.String()
}

var nouns = []string{
	"order", "basket", "invoice", "ledger", "queue", "replica", "shard", "region", "tenant",
	"session", "timeout", "retry", "limit", "pool", "cache", "topic", "bucket", "quota",
}

func pick[T any](chance *rand.Rand, from []T) T { return from[chance.Intn(len(from))] }

func configMap(chance *rand.Rand, name string) *core.ConfigMap {
	data := map[string]string{"settings.properties": words(chance, 200+chance.Intn(2000))}
	if chance.Intn(40) == 0 {
		data["upload.sh"] = "export aws_access_key_id=AKIAEXAMPLE\n"
	}
	return &core.ConfigMap{ObjectMeta: named(name), Data: data}
}

func secret(chance *rand.Rand, name string) *core.Secret {
	return &core.Secret{
		ObjectMeta: named(name),
		StringData: map[string]string{"username": "shop", "password": words(chance, 60)},
	}
}

func container(chance *rand.Rand, name string) core.Container {
	return core.Container{
		Name:  name,
		Image: fmt.Sprintf("registry.example.com/shop/%s:1.%d", pick(chance, nouns), chance.Intn(90)),
		Env: []core.EnvVar{
			{Name: "REGION", Value: pick(chance, nouns)},
			{Name: "LEVEL", Value: "info"},
		},
		Ports: []core.ContainerPort{{ContainerPort: 8080}},
		Resources: core.ResourceRequirements{Requests: core.ResourceList{
			core.ResourceCPU:    resource.MustParse("100m"),
			core.ResourceMemory: resource.MustParse("64Mi"),
		}},
	}
}

// podSpec is ordinary most of the time and now and then asks for more than it should.
func podSpec(chance *rand.Rand) core.PodSpec {
	yes := true
	spec := core.PodSpec{Containers: []core.Container{container(chance, "shop")}}
	if chance.Intn(4) == 0 {
		sidecar := container(chance, "sidecar")
		sidecar.Ports = nil
		spec.Containers = append(spec.Containers, sidecar)
	}
	switch chance.Intn(60) {
	case 0:
		spec.Containers[0].SecurityContext = &core.SecurityContext{Privileged: &yes}
	case 1:
		spec.InitContainers = []core.Container{container(chance, "setup")}
		spec.InitContainers[0].SecurityContext = &core.SecurityContext{Privileged: &yes}
	case 2:
		spec.HostNetwork = true
		spec.Containers[0].Ports = nil
	case 3:
		spec.HostPID = true
	case 4:
		spec.HostIPC = true
	case 5, 6:
		path := pick(chance, []string{"/", "/etc", "/proc", "/var/run/docker.sock", "/srv/data"})
		spec.Volumes = []core.Volume{{Name: "host", VolumeSource: core.VolumeSource{
			HostPath: &core.HostPathVolumeSource{Path: path},
		}}}
		spec.Containers[0].VolumeMounts = []core.VolumeMount{{Name: "host", MountPath: "/host"}}
	case 7:
		spec.Containers[0].Image = "docker.io/library/nginx:latest"
	}
	return spec
}

func pod(chance *rand.Rand, name string) *core.Pod {
	return &core.Pod{ObjectMeta: named(name), Spec: podSpec(chance)}
}

func deployment(chance *rand.Rand, name string) *apps.Deployment {
	replicas := int32(1 + chance.Intn(5))
	labels := map[string]string{"app": name}
	return &apps.Deployment{
		ObjectMeta: named(name),
		Spec: apps.DeploymentSpec{
			Replicas: &replicas,
			Selector: &meta.LabelSelector{MatchLabels: labels},
			Template: core.PodTemplateSpec{
				ObjectMeta: meta.ObjectMeta{Labels: labels},
				Spec:       podSpec(chance),
			},
		},
	}
}

func service(chance *rand.Rand, name string) *core.Service {
	kind := core.ServiceTypeClusterIP
	if chance.Intn(8) == 0 {
		kind = core.ServiceTypeNodePort
	}
	return &core.Service{ObjectMeta: named(name), Spec: core.ServiceSpec{
		Type:     kind,
		Ports:    []core.ServicePort{{Name: "web", Port: 80}},
		Selector: map[string]string{"app": name},
	}}
}

func ingress(chance *rand.Rand, name string) *networking.Ingress {
	spec := networking.IngressSpec{DefaultBackend: &networking.IngressBackend{
		Service: &networking.IngressServiceBackend{
			Name: name,
			Port: networking.ServiceBackendPort{Name: "web"},
		},
	}}
	if chance.Intn(2) == 0 {
		spec.TLS = []networking.IngressTLS{
			{Hosts: []string{name + ".example.com"}, SecretName: name},
		}
	}
	return &networking.Ingress{ObjectMeta: named(name), Spec: spec}
}

func rules(chance *rand.Rand) []rbac.PolicyRule {
	return []rbac.PolicyRule{pick(chance, []rbac.PolicyRule{
		{
			APIGroups: []string{""},
			Resources: []string{"configmaps", "pods"},
			Verbs:     []string{"get", "list", "watch"},
		},
		{
			APIGroups: []string{"apps"},
			Resources: []string{"deployments"},
			Verbs:     []string{"create", "patch", "delete"},
		},
		{APIGroups: []string{""}, Resources: []string{"pods/exec"}, Verbs: []string{"create"}},
		{APIGroups: []string{"*"}, Resources: []string{"*"}, Verbs: []string{"*"}},
		{APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: []string{"*"}},
	})}
}

func bindingTo(chance *rand.Rand) (rbac.RoleRef, []rbac.Subject) {
	role := pick(chance, []string{"view", "view", "edit", "admin", "cluster-admin"})
	return rbac.RoleRef{APIGroup: rbac.GroupName, Kind: "ClusterRole", Name: role},
		[]rbac.Subject{
			{Kind: "User", APIGroup: rbac.GroupName, Name: pick(chance, nouns) + "@example.com"},
		}
}

func occurrence(chance *rand.Rand, space, name string) *core.Event {
	return &core.Event{
		ObjectMeta: meta.ObjectMeta{Name: name, Namespace: space},
		InvolvedObject: core.ObjectReference{
			Kind:       "Pod",
			Namespace:  space,
			Name:       pick(chance, nouns),
			APIVersion: "v1",
		},
		Reason:         pick(chance, []string{"Scheduled", "Pulled", "Created", "Started", "BackOff"}),
		Message:        "Container " + pick(chance, nouns) + " in " + space,
		Source:         core.EventSource{Component: "kubelet", Host: "node-1"},
		FirstTimestamp: meta.Now(), LastTimestamp: meta.Now(), Count: 1, Type: "Normal",
	}
}

func lease(name, holder string) *coordination.Lease {
	seconds, now := int32(40), meta.NewMicroTime(time.Now())
	return &coordination.Lease{
		ObjectMeta: meta.ObjectMeta{Name: name},
		Spec: coordination.LeaseSpec{
			HolderIdentity:       &holder,
			LeaseDurationSeconds: &seconds,
			RenewTime:            &now,
		},
	}
}

func archive(chance *rand.Rand, name string, bytes int) *unstructured.Unstructured {
	pages := []any{}
	for size := 0; size < bytes; size += 8192 {
		page := map[string]any{"number": int64(size / 8192), "text": words(chance, 8000)}
		pages = append(pages, page)
	}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": archives.Group + "/" + archives.Version, "kind": "Archive",
		"metadata": map[string]any{"name": name}, "spec": map[string]any{"pages": pages},
	}}
}
