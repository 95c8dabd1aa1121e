package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	coreapply "k8s.io/client-go/applyconfigurations/core/v1"
	metaapply "k8s.io/client-go/applyconfigurations/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
)

const (
	shardLabelPrefix = "shard.alpha.sharding.timebertt.dev/"
	drainLabelPrefix = "drain.alpha.sharding.timebertt.dev/"
	fieldManager     = "checksum-controller"
	secretLabel      = "secret"
	beatAnnotation   = "beat"
)

// controller keeps, for each Secret of its shard, a ConfigMap with the checksums of the Secret's values.
type controller struct {
	client                 kubernetes.Interface
	ring, shard, namespace string
	// Each own Secret is worked on again after so long; 0: only when something changed.
	beat time.Duration
	// Gives the context for a write, if the shard may still write.
	fence  func(context.Context) (context.Context, context.CancelFunc, error)
	report *report

	secrets corelisters.SecretLister
	queue   workqueue.TypedRateLimitingInterface[cache.ObjectName]
	beats   sync.Map
}

// run works until ctx ends, and returns when nothing is under way any more.
func (c *controller) run(ctx context.Context, workers int) error {
	// Only what is assigned to this shard is watched. What moves to another one is a deletion for this cache, so a
	// deletion only means: no longer mine.
	ownOnly := func(options *metav1.ListOptions) {
		options.LabelSelector = shardLabelPrefix + c.ring + "=" + c.shard
	}
	factory := informers.NewSharedInformerFactoryWithOptions(c.client, 0,
		informers.WithNamespace(c.namespace), informers.WithTweakListOptions(ownOnly))
	secrets := factory.Core().V1().Secrets()
	c.secrets = secrets.Lister()
	c.queue = workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[cache.ObjectName]())
	if _, err := secrets.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(object any) { c.enqueue(object) },
		UpdateFunc: func(_, object any) { c.enqueue(object) },
	}); err != nil {
		return err
	}
	if _, err := factory.Core().V1().ConfigMaps().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		DeleteFunc: c.enqueueOwner,
	}); err != nil {
		return err
	}
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	c.report.say("ready", "")

	var running sync.WaitGroup
	for range workers {
		running.Go(func() {
			for c.next(ctx) {
			}
		})
	}
	running.Go(func() { c.beatOn(ctx) })
	<-ctx.Done()
	c.queue.ShutDown()
	running.Wait()
	factory.Shutdown()
	return nil
}

func (c *controller) enqueue(object any) {
	if name, err := cache.ObjectToName(object); err == nil {
		c.queue.Add(name)
	}
}

// enqueueOwner is for a ConfigMap that is gone, or that moved away with its Secret.
func (c *controller) enqueueOwner(object any) {
	if unseen, ok := object.(cache.DeletedFinalStateUnknown); ok {
		object = unseen.Obj
	}
	configMap, ok := object.(*corev1.ConfigMap)
	if !ok {
		return
	}
	if owner := metav1.GetControllerOf(configMap); owner != nil && owner.Kind == "Secret" {
		c.queue.Add(cache.NewObjectName(configMap.Namespace, owner.Name))
	}
}

// next works on one Secret. The queue gives a Secret to one worker at a time, so a drain is never acknowledged while
// another worker still writes for the same Secret.
func (c *controller) next(ctx context.Context) bool {
	name, shutdown := c.queue.Get()
	if shutdown {
		return false
	}
	defer c.queue.Done(name)
	if ctx.Err() != nil {
		return false
	}
	if err := c.reconcile(ctx, name); err != nil {
		c.report.fail(name.String(), err)
		c.queue.AddRateLimited(name)
		return true
	}
	c.queue.Forget(name)
	return true
}

func (c *controller) reconcile(ctx context.Context, name cache.ObjectName) error {
	secret, err := c.secrets.Secrets(name.Namespace).Get(name.Name)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if secret.Labels[shardLabelPrefix+c.ring] != c.shard {
		return nil
	}
	if _, draining := secret.Labels[drainLabelPrefix+c.ring]; draining {
		return c.acknowledge(ctx, secret)
	}
	return c.writeChecksums(ctx, secret)
}

// acknowledge lets go of a Secret: from here on it is another shard's. The resource version makes it fail when the
// Secret has changed since it was looked at.
func (c *controller) acknowledge(ctx context.Context, secret *corev1.Secret) error {
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{
		"resourceVersion": secret.ResourceVersion,
		"labels":          map[string]any{shardLabelPrefix + c.ring: nil, drainLabelPrefix + c.ring: nil},
	}})
	if err != nil {
		return err
	}
	ctx, cancel, err := c.fence(ctx)
	if err != nil {
		return err
	}
	defer cancel()
	_, err = c.client.CoreV1().Secrets(secret.Namespace).Patch(ctx, secret.Name, types.MergePatchType, patch,
		metav1.PatchOptions{FieldManager: fieldManager})
	if err == nil {
		c.report.say("drained", secret.Name)
	}
	return err
}

// writeChecksums applies the ConfigMap. Its shard label is the sharder's business: the webhook sets it at creation,
// and it follows the Secret later.
func (c *controller) writeChecksums(ctx context.Context, secret *corev1.Secret) error {
	data := make(map[string]string, len(secret.Data))
	for key, value := range secret.Data {
		sum := sha256.Sum256(value)
		data[key] = hex.EncodeToString(sum[:])
	}
	owner := metaapply.OwnerReference().WithAPIVersion("v1").WithKind("Secret").
		WithName(secret.Name).WithUID(secret.UID).WithController(true)
	configMap := coreapply.ConfigMap("checksums-"+secret.Name, secret.Namespace).
		WithLabels(map[string]string{secretLabel: secret.Name}).WithOwnerReferences(owner).WithData(data)
	if c.beat > 0 {
		configMap.WithAnnotations(map[string]string{beatAnnotation: c.nextBeat(secret.Name)})
	}
	ctx, cancel, err := c.fence(ctx)
	if err != nil {
		return err
	}
	defer cancel()
	c.report.say("begin", secret.Name)
	_, err = c.client.CoreV1().ConfigMaps(secret.Namespace).Apply(ctx, configMap,
		metav1.ApplyOptions{FieldManager: fieldManager, Force: true})
	c.report.say("end", secret.Name)
	return err
}

// nextBeat is a value that has not been written before.
func (c *controller) nextBeat(name string) string {
	counter, _ := c.beats.LoadOrStore(name, new(int))
	number := counter.(*int)
	*number++
	return fmt.Sprintf("%s-%s", c.shard, strconv.Itoa(*number))
}

func (c *controller) beatOn(ctx context.Context) {
	if c.beat <= 0 {
		return
	}
	ticker := time.NewTicker(c.beat)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			for _, key := range c.cached() {
				c.queue.Add(key)
			}
		}
	}
}

// cached are the names of the own Secrets.
func (c *controller) cached() []cache.ObjectName {
	secrets, err := c.secrets.List(labels.Everything())
	if err != nil {
		return nil
	}
	names := make([]cache.ObjectName, len(secrets))
	for i, secret := range secrets {
		names[i] = cache.MetaObjectToName(secret)
	}
	return names
}
