package org.apache.beam.runners.flink;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.FutureTask;
import org.apache.beam.model.pipeline.v1.RunnerApi;
import org.apache.beam.runners.fnexecution.control.BundleProgressHandler;
import org.apache.beam.runners.fnexecution.control.DefaultExecutableStageContext;
import org.apache.beam.runners.fnexecution.control.ExecutableStageContext;
import org.apache.beam.runners.fnexecution.control.ProcessBundleDescriptors;
import org.apache.beam.runners.fnexecution.control.ReferenceCountingExecutableStageContextFactory;
import org.apache.beam.runners.fnexecution.control.RemoteBundle;
import org.apache.beam.runners.fnexecution.control.StageBundleFactory;
import org.apache.beam.runners.fnexecution.provisioning.JobInfo;
import org.apache.beam.runners.fnexecution.state.StateRequestHandler;
import org.apache.beam.runners.fnexecution.state.StateRequestHandlers;
import org.apache.beam.runners.fnexecution.translation.BatchSideInputHandlerFactory;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.fn.data.FnDataReceiver;
import org.apache.beam.sdk.util.construction.graph.ExecutableStage;
import org.apache.beam.sdk.values.WindowedValue;
import org.apache.beam.vendor.guava.v32_1_2_jre.com.google.common.collect.Iterables;
import org.apache.beam.vendor.guava.v32_1_2_jre.com.google.common.util.concurrent.Uninterruptibles;
import org.apache.flink.api.common.functions.RichMapPartitionFunction;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.util.Collector;

/** Runs an executable stage on a worker: all elements of a task are one bundle, as in Beam's translation of batch graphs. */
final class StageTask extends RichMapPartitionFunction<byte[], Tuple2<Integer, byte[]>> {
  /** Who shares workers: all tasks of a job in one TaskManager; the last one to end releases them. */
  private static final ConcurrentMap<String, ExecutableStageContext.Factory> CONTEXTS = new ConcurrentHashMap<>();

  private final JobInfo job;
  private final RunnerApi.ExecutableStagePayload payload;
  private final List<String> outputs;

  private transient ExecutableStage stage;
  private transient ExecutableStageContext context;
  private transient StageBundleFactory bundles;

  StageTask(JobInfo job, RunnerApi.ExecutableStagePayload payload, List<String> outputs) {
    this.job = job;
    this.payload = payload;
    this.outputs = outputs;
  }

  @Override
  public void open(Configuration parameters) throws Exception {
    stage = ExecutableStage.fromPayload(Workers.ofThisTaskManager(payload));
    context = CONTEXTS.computeIfAbsent(job.jobId(), id -> newContexts()).get(job);
    try {
      bundles = startedWorker();
    } catch (Throwable error) {
      close(); // Flink closes only what it has opened
      throw error;
    }
  }

  /** The stage on a worker; cancelling waits for its start: Beam forgets a worker whose start is interrupted. */
  private StageBundleFactory startedWorker() throws Exception {
    FutureTask<StageBundleFactory> start = new FutureTask<>(() -> context.getStageBundleFactory(stage));
    new Thread(start, "start of a worker").start(); // has the class loader of this one
    return Uninterruptibles.getUninterruptibly(start);
  }

  private static ExecutableStageContext.Factory newContexts() {
    return ReferenceCountingExecutableStageContextFactory.create(
        DefaultExecutableStageContext::create, caller -> true); // released at once: its classes go with the job
  }

  @Override
  public void mapPartition(Iterable<byte[]> elements, Collector<Tuple2<Integer, byte[]>> out) throws Exception {
    Coder<WindowedValue<Object>> coder = coder(payload.getInput());
    Results results = new Results(outputs, payload.getComponents(), out);
    try (RemoteBundle bundle = bundles.getBundle(results, sideInputs(), BundleProgressHandler.ignored())) {
      FnDataReceiver<WindowedValue<?>> worker = Iterables.getOnlyElement(bundle.getInputReceivers().values());
      for (byte[] element : elements) {
        worker.accept(Elements.decode(coder, element));
      }
    }
  }

  /** Answers what workers ask for: side inputs, which Flink has brought whole to each task. */
  private StateRequestHandler sideInputs() throws IOException {
    return StateRequestHandlers.forSideInputHandlerFactory(
        ProcessBundleDescriptors.getSideInputs(stage),
        BatchSideInputHandlerFactory.forStage(stage, new BroadcastSideInputs()));
  }

  /** The elements of the side inputs. */
  private final class BroadcastSideInputs implements BatchSideInputHandlerFactory.SideInputGetter {
    @Override
    @SuppressWarnings("unchecked") // Beam names the type by the collection only
    public <T> List<T> getSideInput(String collection) {
      try {
        Coder<WindowedValue<Object>> coder = coder(collection);
        List<WindowedValue<Object>> values = new ArrayList<>();
        for (Object element : getRuntimeContext().getBroadcastVariable(collection)) {
          values.add(Elements.decode(coder, (byte[]) element));
        }
        return (List<T>) values;
      } catch (IOException error) {
        throw new UncheckedIOException(error);
      }
    }
  }

  @Override
  public void close() throws Exception {
    try (AutoCloseable last = context; AutoCloseable first = bundles) {
      context = null;
      bundles = null;
    }
  }

  private <T> Coder<WindowedValue<T>> coder(String collection) throws IOException {
    return Elements.coder(collection, payload.getComponents());
  }
}
