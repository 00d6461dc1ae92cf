package main

import (
	"context"

	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	rbac "k8s.io/api/rbac/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/scheme"
)

var metaCodec = scheme.ParameterCodec

// store is what every typed client of one kind can do.
type store[T runtime.Object] interface {
	Create(ctx context.Context, object T, options meta.CreateOptions) (T, error)
	Patch(ctx context.Context, name string, kind types.PatchType, data []byte,
		options meta.PatchOptions, sub ...string) (T, error)
	Delete(ctx context.Context, name string, options meta.DeleteOptions) error
}

// change creates an object, and then and when labels one or deletes the oldest.
func change[T runtime.Object](
	ctx context.Context, w *worker, kind string, objects store[T], object func(name string) T,
) error {
	if w.chance.Intn(3) == 0 {
		label := []byte(`{"metadata":{"labels":{"checked":"` + pick(w.chance, nouns) + `"}}}`)
		_, err := objects.Patch(ctx, w.any(kind), types.MergePatchType, label, meta.PatchOptions{})
		return err
	}
	name := w.fresh(kind)
	if _, err := objects.Create(ctx, object(name), meta.CreateOptions{}); err != nil {
		return err
	}
	if old := w.stand(kind, name); old != "" {
		now := int64(0)
		return objects.Delete(ctx, old, meta.DeleteOptions{GracePeriodSeconds: &now})
	}
	return nil
}

func changeConfigMap(ctx context.Context, w *worker) error {
	return change(ctx, w, "configmap", w.users["developer"].CoreV1().ConfigMaps(w.space),
		func(name string) *core.ConfigMap { return configMap(w.chance, name) })
}

// changePod works now and then where only the cluster itself should.
func changePod(ctx context.Context, w *worker) error {
	if w.chance.Intn(50) == 0 {
		name, pods := w.fresh("pod"), w.users["admin"].CoreV1().Pods("kube-system")
		if _, err := pods.Create(ctx, pod(w.chance, name), meta.CreateOptions{}); err != nil {
			return err
		}
		return pods.Delete(ctx, name, meta.DeleteOptions{})
	}
	return change(ctx, w, "pod", w.users["developer"].CoreV1().Pods(w.space),
		func(name string) *core.Pod { return pod(w.chance, name) })
}

func changeSecret(ctx context.Context, w *worker) error {
	return change(ctx, w, "secret", w.users["developer"].CoreV1().Secrets(w.space),
		func(name string) *core.Secret { return secret(w.chance, name) })
}

func changeService(ctx context.Context, w *worker) error {
	return change(ctx, w, "service", w.users["developer"].CoreV1().Services(w.space),
		func(name string) *core.Service { return service(w.chance, name) })
}

func changeServiceAccount(ctx context.Context, w *worker) error {
	space := w.space
	if w.chance.Intn(10) == 0 {
		space = "kube-public"
	}
	return change(
		ctx,
		w,
		"account",
		w.users["admin"].CoreV1().ServiceAccounts(space),
		func(name string) *core.ServiceAccount { return &core.ServiceAccount{ObjectMeta: named(name)} },
	)
}

func changeDeployment(ctx context.Context, w *worker) error {
	return change(ctx, w, "deployment", w.users["developer"].AppsV1().Deployments(w.space),
		func(name string) *apps.Deployment { return deployment(w.chance, name) })
}

func changeIngress(ctx context.Context, w *worker) error {
	return change(ctx, w, "ingress", w.users["developer"].NetworkingV1().Ingresses(w.space),
		func(name string) *networking.Ingress { return ingress(w.chance, name) })
}

func changeRole(ctx context.Context, w *worker) error {
	return change(
		ctx,
		w,
		"role",
		w.users["admin"].RbacV1().Roles(w.space),
		func(name string) *rbac.Role {
			return &rbac.Role{ObjectMeta: named(name), Rules: rules(w.chance)}
		},
	)
}

func changeClusterRole(ctx context.Context, w *worker) error {
	return change(ctx, w, "clusterrole", w.users["admin"].RbacV1().ClusterRoles(),
		func(name string) *rbac.ClusterRole {
			if w.chance.Intn(10) == 0 {
				name = "system:" + name
			}
			return &rbac.ClusterRole{ObjectMeta: named(name), Rules: rules(w.chance)}
		})
}

func changeRoleBinding(ctx context.Context, w *worker) error {
	ref, subjects := bindingTo(w.chance)
	return change(ctx, w, "rolebinding", w.users["admin"].RbacV1().RoleBindings(w.space),
		func(name string) *rbac.RoleBinding {
			return &rbac.RoleBinding{ObjectMeta: named(name), RoleRef: ref, Subjects: subjects}
		})
}

func changeClusterRoleBinding(ctx context.Context, w *worker) error {
	ref, subjects := bindingTo(w.chance)
	return change(ctx, w, "clusterrolebinding", w.users["admin"].RbacV1().ClusterRoleBindings(),
		func(name string) *rbac.ClusterRoleBinding {
			return &rbac.ClusterRoleBinding{
				ObjectMeta: named(name),
				RoleRef:    ref,
				Subjects:   subjects,
			}
		})
}

// changeNamespace leaves its namespaces terminating: nothing here finishes them, as nothing
// runs in them.
func changeNamespace(ctx context.Context, w *worker) error {
	spaces := w.users["admin"].CoreV1().Namespaces()
	name := w.fresh("space")
	if _, err := spaces.Create(ctx, namespace(name), meta.CreateOptions{}); err != nil {
		return err
	}
	return spaces.Delete(ctx, name, meta.DeleteOptions{})
}

// changeArchive keeps a few large objects in motion: a body in the request and again in the
// answer makes events of more than a megabyte.
func changeArchive(ctx context.Context, w *worker) error {
	objects := w.users["admin"].dynamic.Resource(archives).Namespace(w.space)
	name := w.fresh("archive")
	large := archive(w.chance, name, 64<<10+w.chance.Intn(440<<10))
	if _, err := objects.Create(ctx, large, meta.CreateOptions{}); err != nil {
		return err
	}
	if _, err := objects.Get(ctx, name, meta.GetOptions{}); err != nil {
		return err
	}
	return objects.Delete(ctx, name, meta.DeleteOptions{})
}
