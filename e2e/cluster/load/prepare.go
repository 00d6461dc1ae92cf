package main

import (
	"context"
	"fmt"
	"time"

	core "k8s.io/api/core/v1"
	rbac "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
)

// prepare makes what the acts stand on: a namespace a worker, rights of the developer, the
// custom resource and the node. What is there already stays.
func prepare(ctx context.Context, users map[string]*user, workers int) error {
	admin := users["admin"]
	for number := range workers {
		name := namespaceOf(number)
		_, err := admin.CoreV1().Namespaces().Create(ctx, namespace(name), meta.CreateOptions{})
		if err := fresh("namespace", err); err != nil {
			return err
		}
		account := &core.ServiceAccount{ObjectMeta: meta.ObjectMeta{Name: "default"}}
		_, err = admin.CoreV1().ServiceAccounts(name).Create(ctx, account, meta.CreateOptions{})
		if err := fresh("service account", err); err != nil {
			return err
		}
	}
	if err := prepareDevelopers(ctx, admin); err != nil {
		return err
	}
	_, err := users["node"].CoreV1().Nodes().Create(ctx, node(), meta.CreateOptions{})
	if err := fresh("node", err); err != nil {
		return err
	}
	return prepareArchives(ctx, admin)
}

// prepareDevelopers spells their rights out: the role `edit` stays empty where no controller
// manager adds up its parts.
func prepareDevelopers(ctx context.Context, admin *user) error {
	role := &rbac.ClusterRole{
		ObjectMeta: meta.ObjectMeta{Name: "developer"},
		Rules: []rbac.PolicyRule{
			{
				APIGroups: []string{"", "apps", "networking.k8s.io"},
				Resources: []string{"configmaps", "deployments", "ingresses", "pods", "services"},
				Verbs:     []string{"*"},
			},
			{
				APIGroups: []string{""},
				Resources: []string{
					"secrets", "pods/exec", "pods/attach", "pods/portforward", "pods/ephemeralcontainers",
				},
				Verbs: []string{"get", "create", "patch", "delete"},
			},
		},
	}
	_, err := admin.RbacV1().ClusterRoles().Create(ctx, role, meta.CreateOptions{})
	if err := fresh("role of developers", err); err != nil {
		return err
	}
	binding := &rbac.ClusterRoleBinding{
		ObjectMeta: meta.ObjectMeta{Name: "developers"},
		RoleRef:    rbac.RoleRef{APIGroup: rbac.GroupName, Kind: "ClusterRole", Name: "developer"},
		Subjects:   []rbac.Subject{{Kind: "Group", APIGroup: rbac.GroupName, Name: "developers"}},
	}
	_, err = admin.RbacV1().ClusterRoleBindings().Create(ctx, binding, meta.CreateOptions{})
	if err := fresh("binding of developers", err); err != nil {
		return err
	}
	return nil
}

// fresh names what could not be made; that it is there already is no error.
func fresh(what string, err error) error {
	if err == nil || apierrors.IsAlreadyExists(err) {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}

func prepareArchives(ctx context.Context, admin *user) error {
	definitions := admin.dynamic.Resource(schema.GroupVersionResource{
		Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions",
	})
	definition := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apiextensions.k8s.io/v1",
		"kind":       "CustomResourceDefinition",
		"metadata":   map[string]any{"name": "archives." + archives.Group},
		"spec": map[string]any{
			"group": archives.Group,
			"scope": "Namespaced",
			"names": map[string]any{"plural": "archives", "singular": "archive", "kind": "Archive"},
			"versions": []any{map[string]any{
				"name": archives.Version, "served": true, "storage": true,
				"schema": map[string]any{"openAPIV3Schema": map[string]any{
					"type": "object", "x-kubernetes-preserve-unknown-fields": true,
				}},
			}},
		},
	}}
	_, err := definitions.Create(ctx, definition, meta.CreateOptions{})
	if err := fresh("custom resource definition", err); err != nil {
		return err
	}
	return wait.PollUntilContextTimeout(ctx, 200*time.Millisecond, 30*time.Second, true,
		func(ctx context.Context) (bool, error) {
			_, err := admin.dynamic.Resource(archives).List(ctx, meta.ListOptions{})
			return err == nil, nil
		})
}
