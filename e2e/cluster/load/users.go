package main

import (
	"fmt"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// user is one identity that talks to the API server.
type user struct {
	kubernetes.Interface
	dynamic dynamic.Interface
	config  *rest.Config
}

// The contexts that the kubeconfig of the test cluster has.
var contexts = []string{
	"admin", "controller-manager", "scheduler", "node", "developer", "stranger",
}

// archives is the custom resource whose objects are large.
var archives = schema.GroupVersionResource{
	Group: "e2e.sockeye.dev", Version: "v1", Resource: "archives",
}

func connect(kubeconfig string) (map[string]*user, error) {
	users := map[string]*user{}
	for _, name := range contexts {
		config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(
			&clientcmd.ClientConfigLoadingRules{ExplicitPath: kubeconfig},
			&clientcmd.ConfigOverrides{CurrentContext: name},
		).ClientConfig()
		if err != nil {
			return nil, fmt.Errorf("context %s of %s: %w", name, kubeconfig, err)
		}
		users[name], err = newUser(config, name)
		if err != nil {
			return nil, err
		}
	}
	return users, nil
}

func newUser(config *rest.Config, name string) (*user, error) {
	config.QPS = -1
	config.WarningHandler = rest.NoWarnings{}
	config.UserAgent = "e2e-load/" + name
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	objects, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	return &user{client, objects, config}, nil
}
