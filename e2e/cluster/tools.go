//go:build tools

// Package cluster holds a real Kubernetes control plane for tests. This file names the
// commands that `build` makes of it, so that go.mod keeps what they need; kubelet and the
// controllers join the list when a test needs pods that run.
package cluster

import (
	_ "k8s.io/kubernetes/cmd/kube-apiserver"
	_ "k8s.io/kubernetes/cmd/kubectl"
)
