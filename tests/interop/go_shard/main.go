// A shard of the checksum-controller in Go, on nothing but client-go: it shows that shards in other languages get
// along with this sharder, and how one is written (docs/shards-in-go.md). With the argument "owners" it computes keys
// and owners instead, for a comparison of the two implementations.
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// Exit codes: a shard that has lost its Lease must not go on.
const (
	stopped = 0
	failed  = 1
	lost    = 3
)

func main() {
	if len(os.Args) == 2 && os.Args[1] == "owners" {
		if err := answerOwners(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(failed)
		}
		return
	}
	os.Exit(run())
}

func run() int {
	var member member
	var beat time.Duration
	kubeconfig := flag.String("kubeconfig", "", "file with the way to the cluster")
	namespace := flag.String("namespace", "default", "where the Lease, the Secrets and the ConfigMaps are")
	leaseServer := flag.String("lease-server", "", "another URL of the API server, for the Lease alone")
	flag.StringVar(&member.ring, "controllerring", "checksum-controller", "the ring to be a shard of")
	flag.StringVar(&member.name, "shard-name", "", "name of this shard and of its Lease")
	flag.DurationVar(&member.leaseDuration, "lease-duration", 15*time.Second, "of the Lease, whole seconds")
	flag.DurationVar(&member.renewDeadline, "renew-deadline", 10*time.Second, "time for a renewal")
	flag.DurationVar(&member.retryPeriod, "retry-period", 2*time.Second, "pause between renewals")
	flag.BoolVar(&member.provesStop, "prove-stop", false, "say in the Lease when this shard stops")
	flag.BoolVar(&member.plain, "plain", false, "do as leaders usually do, for tests: without a fence")
	flag.DurationVar(&beat, "beat", 0, "write each ConfigMap again so often, for tests; 0: only when it differs")
	flag.Parse()

	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		return fail(err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fail(err)
	}
	leases, err := kubernetes.NewForConfig(leaseConfig(config, *leaseServer, member.renewDeadline))
	if err != nil {
		return fail(err)
	}
	member.namespace = *namespace
	member.leases = leases.CoordinationV1()
	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()

	fence := member.fence
	if member.plain {
		fence = func(ctx context.Context) (context.Context, context.CancelFunc, error) { return ctx, func() {}, nil }
	}
	report := newReport(os.Stdout, member.name)
	err = member.run(stop, func(ctx context.Context) error {
		report.say("leads", "")
		controller := controller{
			client: client, ring: member.ring, shard: member.name, namespace: *namespace, beat: beat,
			fence: fence, report: report,
		}
		return controller.run(ctx, 4)
	})
	if err == errLost {
		report.say("lost", "")
		return lost
	}
	if err != nil {
		return fail(err)
	}
	report.say("stopped", "")
	return stopped
}

// leaseConfig is for the Lease alone. What keeps other requests waiting must not keep renewals waiting: they have a
// connection of their own (client-go shares one between equal configurations) and no rate limit. One request that
// hangs must leave time for another within the deadline.
func leaseConfig(config *rest.Config, server string, renewDeadline time.Duration) *rest.Config {
	own := rest.CopyConfig(config)
	own.Dial = (&net.Dialer{Timeout: renewDeadline / 2}).DialContext
	own.QPS = -1
	own.Timeout = renewDeadline / 2
	if server != "" {
		own.Host = server
	}
	return own
}

func fail(err error) int {
	fmt.Fprintln(os.Stderr, err)
	return failed
}
