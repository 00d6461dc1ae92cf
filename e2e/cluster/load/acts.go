package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	authentication "k8s.io/api/authentication/v1"
	authorization "k8s.io/api/authorization/v1"
	core "k8s.io/api/core/v1"
	rbac "k8s.io/api/rbac/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
)

// act is something that one of the users does, and how often in relation to the others.
type act struct {
	weight int
	do     func(context.Context, *worker) error
}

var acts = []act{
	// What controllers and kubelets do all day.
	{240, renewLease},
	{90, readConfig},
	{60, readPod},
	{40, patchStatus},
	{60, writeEvent},
	{40, reviewAccess},
	{15, requestToken},
	{30, readList},
	{20, watchBriefly},
	// Objects that come and go.
	{40, changeConfigMap},
	{30, changePod},
	{20, changeDeployment},
	{12, changeSecret},
	{10, changeService},
	{6, changeIngress},
	{6, changeServiceAccount},
	{6, changeRole},
	{6, changeRoleBinding},
	{4, changeClusterRole},
	{3, changeClusterRoleBinding},
	{3, changeNamespace},
	// What people do, and strangers try.
	{25, readSecret},
	{6, openSession},
	{4, debugPod},
	{12, comeAnonymously},
	{8, comeForbidden},
	{2, joinNode},
	// What is large.
	{3, changeArchive},
	{2, listEverything},
}

func renewLease(ctx context.Context, w *worker) error {
	who := w.users[pick(w.chance, []string{"controller-manager", "scheduler", "node"})]
	space, name := "kube-system", "kube-controller-manager-"+w.space
	switch who {
	case w.users["scheduler"]:
		name = "kube-scheduler"
	case w.users["node"]:
		space, name = "kube-node-lease", "node-1"
	}
	leases := who.CoordinationV1().Leases(space)
	current, err := leases.Get(ctx, name, meta.GetOptions{})
	if err != nil {
		_, err = leases.Create(ctx, lease(name, w.space), meta.CreateOptions{})
		return err
	}
	current.Spec = lease(name, w.space).Spec
	_, err = leases.Update(ctx, current, meta.UpdateOptions{})
	return err
}

func readConfig(ctx context.Context, w *worker) error {
	_, err := w.users["developer"].CoreV1().ConfigMaps(w.space).
		Get(ctx, w.any("configmap"), meta.GetOptions{})
	return err
}

func readPod(ctx context.Context, w *worker) error {
	who := w.users[pick(w.chance, []string{"controller-manager", "scheduler", "developer", "node"})]
	_, err := who.CoreV1().Pods(w.space).Get(ctx, w.any("pod"), meta.GetOptions{})
	return err
}

func patchStatus(ctx context.Context, w *worker) error {
	patch := fmt.Sprintf(
		`{"status":{"phase":"Running","hostIP":"198.51.100.%d"}}`,
		w.chance.Intn(250),
	)
	_, err := w.users["admin"].CoreV1().Pods(w.space).Patch(
		ctx,
		w.any("pod"),
		types.StrategicMergePatchType,
		[]byte(patch),
		meta.PatchOptions{},
		"status",
	)
	return err
}

func writeEvent(ctx context.Context, w *worker) error {
	events := w.users["node"].CoreV1().Events(w.space)
	name := w.fresh("event")
	event := occurrence(w.chance, w.space, name)
	if _, err := events.Create(ctx, event, meta.CreateOptions{}); err != nil {
		return err
	}
	if old := w.stand("event", name); old != "" && w.chance.Intn(30) == 0 {
		return w.users["admin"].CoreV1().Events(w.space).Delete(ctx, old, meta.DeleteOptions{})
	}
	return nil
}

func reviewAccess(ctx context.Context, w *worker) error {
	review := &authorization.SelfSubjectAccessReview{
		Spec: authorization.SelfSubjectAccessReviewSpec{
			ResourceAttributes: &authorization.ResourceAttributes{
				Namespace: w.space,
				Verb:      pick(w.chance, []string{"get", "create", "delete"}),
				Resource:  "pods",
			},
		},
	}
	_, err := w.users["developer"].AuthorizationV1().SelfSubjectAccessReviews().
		Create(ctx, review, meta.CreateOptions{})
	return err
}

func requestToken(ctx context.Context, w *worker) error {
	seconds := int64(600)
	request := &authentication.TokenRequest{
		Spec: authentication.TokenRequestSpec{ExpirationSeconds: &seconds},
	}
	_, err := w.users["admin"].CoreV1().ServiceAccounts(w.space).
		CreateToken(ctx, w.any("account"), request, meta.CreateOptions{})
	return err
}

func readList(ctx context.Context, w *worker) error {
	limit := meta.ListOptions{Limit: int64(1 + w.chance.Intn(5))}
	var err error
	switch w.chance.Intn(4) {
	case 0:
		_, err = w.users["scheduler"].CoreV1().Pods(w.space).List(ctx, limit)
	case 1:
		_, err = w.users["developer"].CoreV1().ConfigMaps(w.space).List(ctx, limit)
	case 2:
		_, err = w.users["developer"].AppsV1().Deployments(w.space).List(ctx, limit)
	default:
		_, err = w.users["controller-manager"].CoreV1().Secrets(w.space).List(ctx, limit)
	}
	return err
}

func watchBriefly(ctx context.Context, w *worker) error {
	second := int64(1)
	watch, err := w.users["scheduler"].CoreV1().Pods(w.space).
		Watch(ctx, meta.ListOptions{TimeoutSeconds: &second, ResourceVersion: "0"})
	if err == nil {
		watch.Stop()
	}
	return err
}

func readSecret(ctx context.Context, w *worker) error {
	readers := []string{"developer", "developer", "controller-manager", "stranger"}
	who := w.users[pick(w.chance, readers)]
	_, err := who.CoreV1().Secrets(w.space).Get(ctx, w.any("secret"), meta.GetOptions{})
	return err
}

// openSession tries exec, attach and port-forward. No kubelet answers; the attempt is
// audited all the same.
func openSession(ctx context.Context, w *worker) error {
	developer := w.users["developer"]
	request := developer.CoreV1().RESTClient().Post().Namespace(w.space).Resource("pods").
		Name(w.any("pod"))
	switch w.chance.Intn(3) {
	case 0:
		request = request.SubResource("exec").VersionedParams(&core.PodExecOptions{
			Command: []string{"sh", "-c", "id"}, Container: "shop", Stdout: true,
		}, metaCodec)
	case 1:
		request = request.SubResource("attach").VersionedParams(&core.PodAttachOptions{
			Container: "shop", Stdout: true,
		}, metaCodec)
	default:
		request = request.SubResource("portforward")
	}
	return request.Do(ctx).Error()
}

func debugPod(ctx context.Context, w *worker) error {
	patch := fmt.Sprintf(
		`{"spec":{"ephemeralContainers":[{"name":"debug-%d","image":"busybox"}]}}`,
		w.serial,
	)
	w.serial++
	_, err := w.users["developer"].CoreV1().Pods(w.space).Patch(
		ctx, w.any("pod"), types.StrategicMergePatchType, []byte(patch), meta.PatchOptions{},
		"ephemeralcontainers")
	return err
}

func comeAnonymously(ctx context.Context, w *worker) error {
	path := pick(w.chance, []string{
		"/healthz", "/readyz", "/livez", "/version", "/api", "/api/v1/secrets", "/apis", "/metrics",
		"/api/v1/namespaces/" + w.space + "/pods", "/index.php", "/.env",
	})
	return get(ctx, w.users["stranger"].config, path)
}

func comeForbidden(ctx context.Context, w *worker) error {
	developer := w.users["developer"]
	switch w.chance.Intn(3) {
	case 0:
		_, err := developer.CoreV1().Secrets("kube-system").List(ctx, meta.ListOptions{})
		return err
	case 1:
		return developer.CoreV1().Nodes().Delete(ctx, "node-1", meta.DeleteOptions{})
	}
	name := w.fresh("mine")
	ref, subjects := bindingTo(w.chance)
	_, err := developer.RbacV1().ClusterRoleBindings().Create(ctx, &rbac.ClusterRoleBinding{
		ObjectMeta: named(name), RoleRef: ref, Subjects: subjects,
	}, meta.CreateOptions{})
	return err
}

func joinNode(ctx context.Context, w *worker) error {
	stray := node()
	stray.Name = w.fresh("node")
	who := w.users[pick(w.chance, []string{"node", "admin"})]
	if _, err := who.CoreV1().Nodes().Create(ctx, stray, meta.CreateOptions{}); err != nil {
		return err
	}
	return w.users["admin"].CoreV1().Nodes().Delete(ctx, stray.Name, meta.DeleteOptions{})
}

// listEverything makes the largest events: whole lists in one answer.
func listEverything(ctx context.Context, w *worker) error {
	if w.chance.Intn(2) == 0 {
		_, err := w.users["admin"].RbacV1().ClusterRoles().List(ctx, meta.ListOptions{})
		return err
	}
	_, err := w.users["controller-manager"].CoreV1().Pods(w.space).List(ctx, meta.ListOptions{})
	return err
}

func get(ctx context.Context, config *rest.Config, path string) error {
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(
		ctx,
		http.MethodGet,
		strings.TrimSuffix(config.Host, "/")+path,
		nil,
	)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return err
}
