package main

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	coordinationclient "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

const (
	ringLabel = "alpha.sharding.timebertt.dev/controllerring"
	// Not known to the Go sharder, which ignores it.
	stopByAnnotation = "alpha.sharding.timebertt.dev/stop-by"
)

var errLost = errors.New("the Lease was lost")

// member keeps a shard's Lease: the election of a "leader" with one candidate, the shard itself. The Lease has the
// shard's name, the shard's name is its holder, and a label says to which ring the shard belongs.
type member struct {
	ring, name, namespace                     string
	leaseDuration, renewDeadline, retryPeriod time.Duration
	provesStop                                bool
	// As leaders usually do it: the elector releases the Lease, and nothing asks whether it is still held.
	plain  bool
	leases coordinationclient.LeasesGetter

	// When the last renewal that was answered began.
	renewed atomic.Pointer[time.Time]
}

// run works while it holds the Lease. It returns nil when it was asked to stop and has released the Lease, and errLost
// at once when the Lease is lost: the process has to end then, whatever work is still doing.
func (m *member) run(stop context.Context, work func(context.Context) error) error {
	lock := &resourcelock.LeaseLock{
		LeaseMeta:  metav1.ObjectMeta{Namespace: m.namespace, Name: m.name},
		Client:     m.leases,
		LockConfig: resourcelock.ResourceLockConfig{Identity: m.name},
		Labels:     map[string]string{ringLabel: m.ring},
	}
	if m.provesStop {
		lock.Client = provingLeases{m.leases, m.leaseDuration}
	}
	var watched resourcelock.Interface = timedLock{lock, m.leaseDuration, &m.renewed}
	if m.plain {
		watched = lock
	}
	acquired := make(chan context.Context, 1)
	elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Lock: watched, Name: m.name,
		LeaseDuration: m.leaseDuration, RenewDeadline: m.renewDeadline, RetryPeriod: m.retryPeriod,
		// The elector would release the Lease before the work has stopped, and try for up to renewDeadline after the
		// last renewal failed, while the work goes on. So releasing is done here, when the work is over.
		ReleaseOnCancel: m.plain,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(term context.Context) { acquired <- term },
			OnStoppedLeading: func() {},
		},
	})
	if err != nil {
		return err
	}
	// It outlives the wish to stop: the Lease is renewed until the work is over.
	election, endElection := context.WithCancel(context.Background())
	defer endElection()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		elector.Run(election)
	}()

	var term context.Context
	select {
	case term = <-acquired:
	case <-stop.Done():
		endElection()
		<-ended
		return m.release(lock)
	}
	working, stopWorking := context.WithCancel(term)
	defer stopWorking()
	defer context.AfterFunc(stop, stopWorking)()
	finished := make(chan error, 1)
	go func() { finished <- work(working) }()
	select {
	case <-ended:
		return errLost
	case err = <-finished:
	}
	if term.Err() != nil {
		return errLost
	}
	endElection()
	<-ended
	return errors.Join(err, m.release(lock))
}

// release tells the sharder that this shard is gone, so that its objects move at once and not when the Lease has run
// out. Only after the work has stopped.
func (m *member) release(lock *resourcelock.LeaseLock) error {
	ctx, cancel := context.WithTimeout(context.Background(), m.renewDeadline)
	defer cancel()
	record, _, err := lock.Get(ctx)
	if err != nil || record.HolderIdentity != m.name {
		return err
	}
	now := metav1.Now()
	return lock.Update(ctx, resourcelock.LeaderElectionRecord{
		LeaseDurationSeconds: 1, AcquireTime: now, RenewTime: now, LeaderTransitions: record.LeaderTransitions,
	})
}

// fence gives the context for one write: it ends when the last renewal is too old. A process that was frozen, or got no
// processor, may still hold a term that ended long ago, so each write asks.
func (m *member) fence(ctx context.Context) (context.Context, context.CancelFunc, error) {
	renewed := m.renewed.Load()
	if renewed == nil || over(*renewed, m.leaseDuration) {
		return nil, nil, errLost
	}
	fenced, cancel := context.WithDeadline(ctx, renewed.Add(m.leaseDuration))
	return fenced, cancel, nil
}

// over counts on both clocks, as the monotonic one stands still while a machine is suspended.
func over(since time.Time, duration time.Duration) bool {
	return time.Since(since) >= duration || time.Since(since.Round(0)) >= duration
}

// timedLock writes down when the last renewal that was answered began, and never lets one term go on after a gap. The
// elector would: it takes a Lease that was released meanwhile as if nothing had happened, so a process that was frozen
// would work with caches of before, on objects that have been others' for long.
type timedLock struct {
	resourcelock.Interface
	leaseDuration time.Duration
	renewed       *atomic.Pointer[time.Time]
}

func (l timedLock) Create(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
	return l.timed(record, func() error { return l.Interface.Create(ctx, record) })
}

func (l timedLock) Update(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
	return l.timed(record, func() error { return l.Interface.Update(ctx, record) })
}

func (l timedLock) timed(record resourcelock.LeaderElectionRecord, write func() error) error {
	if renewed := l.renewed.Load(); renewed != nil && over(*renewed, l.leaseDuration) {
		return errLost
	}
	err := write()
	if err == nil {
		l.renewed.Store(&record.RenewTime.Time)
	}
	return err
}

// provingLeases writes into each Lease when the shard will have stopped unless it renews it again. That is for shards
// only that have a fence: then this sharder takes them over after leaseDuration and 2 s instead of twice leaseDuration.
type provingLeases struct {
	coordinationclient.LeasesGetter
	leaseDuration time.Duration
}

func (p provingLeases) Leases(namespace string) coordinationclient.LeaseInterface {
	return provingClient{p.LeasesGetter.Leases(namespace), p.leaseDuration}
}

type provingClient struct {
	coordinationclient.LeaseInterface
	leaseDuration time.Duration
}

func (c provingClient) Create(ctx context.Context, lease *coordinationv1.Lease, options metav1.CreateOptions) (*coordinationv1.Lease, error) {
	return c.LeaseInterface.Create(ctx, c.proven(lease), options)
}

func (c provingClient) Update(ctx context.Context, lease *coordinationv1.Lease, options metav1.UpdateOptions) (*coordinationv1.Lease, error) {
	return c.LeaseInterface.Update(ctx, c.proven(lease), options)
}

func (c provingClient) proven(lease *coordinationv1.Lease) *coordinationv1.Lease {
	renewed := lease.Spec.RenewTime.UTC()
	lease = lease.DeepCopy()
	metav1.SetMetaDataAnnotation(&lease.ObjectMeta, stopByAnnotation,
		renewed.Format(metav1.RFC3339Micro)+"/"+renewed.Add(c.leaseDuration).Format(metav1.RFC3339Micro))
	return lease
}
