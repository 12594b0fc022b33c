package org.apache.beam.runners.flink;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.beam.model.pipeline.v1.RunnerApi;
import org.apache.beam.runners.fnexecution.provisioning.JobInfo;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.util.construction.PTransformTranslation;
import org.apache.beam.sdk.util.construction.graph.ExecutableStage;
import org.apache.beam.sdk.util.construction.graph.PipelineNode;
import org.apache.beam.sdk.util.construction.graph.QueryablePipeline;
import org.apache.beam.sdk.util.construction.graph.SideInputReference;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.WindowedValue;
import org.apache.beam.vendor.guava.v32_1_2_jre.com.google.common.collect.Iterables;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.TypeHint;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.java.DataSet;
import org.apache.flink.api.java.ExecutionEnvironment;
import org.apache.flink.api.java.io.DiscardingOutputFormat;
import org.apache.flink.api.java.operators.MapPartitionOperator;
import org.apache.flink.api.java.tuple.Tuple2;

/** Makes a Flink job of a fused graph: each PCollection is a data set of windowed values, encoded as workers get them. */
final class Translation {
  /** The transforms that are translated, and not looked into. */
  static final Set<String> URNS =
      Set.of(
          PTransformTranslation.IMPULSE_TRANSFORM_URN,
          PTransformTranslation.FLATTEN_TRANSFORM_URN,
          PTransformTranslation.GROUP_BY_KEY_TRANSFORM_URN,
          PTransformTranslation.RESHUFFLE_URN);

  private static final TypeInformation<byte[]> BYTES = PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO;

  private final ExecutionEnvironment environment;
  private final JobInfo job;
  private final Map<String, DataSet<byte[]>> collections = new LinkedHashMap<>();
  private final Set<String> consumed = new HashSet<>();
  private RunnerApi.Components components;

  Translation(ExecutionEnvironment environment, JobInfo job) {
    this.environment = environment;
    this.job = job;
  }

  /** Adds the whole graph to the environment. */
  void translate(RunnerApi.Pipeline graph) throws IOException {
    components = graph.getComponents();
    QueryablePipeline ordered = QueryablePipeline.forTransforms(graph.getRootTransformIdsList(), components);
    for (PipelineNode.PTransformNode node : ordered.getTopologicallyOrderedTransforms()) {
      translate(node.getTransform());
    }
    for (Map.Entry<String, DataSet<byte[]>> each : collections.entrySet()) {
      if (!consumed.contains(each.getKey())) {
        each.getValue().output(new DiscardingOutputFormat<>()); // Flink leaves out what has no sink
      }
    }
  }

  private void translate(RunnerApi.PTransform transform) throws IOException {
    switch (transform.getSpec().getUrn()) {
      case PTransformTranslation.IMPULSE_TRANSFORM_URN -> put(transform, impulse(transform));
      case PTransformTranslation.FLATTEN_TRANSFORM_URN -> put(transform, flatten(transform));
      case PTransformTranslation.RESHUFFLE_URN -> put(transform, input(transform).rebalance());
      case PTransformTranslation.GROUP_BY_KEY_TRANSFORM_URN -> put(transform, groupByKey(transform));
      case ExecutableStage.URN -> addStage(transform);
      default -> throw new IllegalArgumentException("not translated: " + transform.getSpec().getUrn());
    }
  }

  private DataSet<byte[]> impulse(RunnerApi.PTransform transform) throws IOException {
    return environment.createInput(new Impulse(coder(onlyOutput(transform))), BYTES).name(transform.getUniqueName());
  }

  private DataSet<byte[]> flatten(RunnerApi.PTransform transform) {
    return transform.getInputsMap().values().stream().map(this::get).reduce(DataSet::union).orElseThrow();
  }

  private DataSet<byte[]> groupByKey(RunnerApi.PTransform transform) throws IOException {
    Coder<WindowedValue<KV<Object, Object>>> coder = coder(onlyInput(transform));
    Coder<WindowedValue<KV<Object, Iterable<Object>>>> grouped = coder(onlyOutput(transform));
    return input(transform)
        .groupBy(new KeyOfElement(coder))
        .reduceGroup(new Grouping(coder, grouped))
        .returns(BYTES)
        .name(transform.getUniqueName());
  }

  /** An executable stage: one operator gives the elements of all its outputs, each with the number of its output. */
  private void addStage(RunnerApi.PTransform transform) throws IOException {
    RunnerApi.ExecutableStagePayload payload =
        RunnerApi.ExecutableStagePayload.parseFrom(transform.getSpec().getPayload());
    ExecutableStage stage = ExecutableStage.fromPayload(payload);
    List<String> outputs = stage.getOutputPCollections().stream().map(PipelineNode.PCollectionNode::getId).toList();
    MapPartitionOperator<byte[], Tuple2<Integer, byte[]>> results =
        get(payload.getInput())
            .mapPartition(new StageTask(job, payload, new ArrayList<>(outputs)))
            .returns(new TypeHint<Tuple2<Integer, byte[]>>() {})
            .name(transform.getUniqueName());
    for (SideInputReference side : stage.getSideInputs()) {
      results.withBroadcastSet(get(side.collection().getId()), side.collection().getId());
    }
    if (outputs.isEmpty()) {
      results.output(new DiscardingOutputFormat<>());
    }
    for (int number = 0; number < outputs.size(); number++) {
      collections.put(outputs.get(number), results.flatMap(new OutputOfStage(number)).returns(BYTES));
    }
  }

  private DataSet<byte[]> input(RunnerApi.PTransform transform) {
    return get(onlyInput(transform));
  }

  private DataSet<byte[]> get(String collection) {
    consumed.add(collection);
    return collections.get(collection);
  }

  private void put(RunnerApi.PTransform transform, DataSet<byte[]> elements) {
    collections.put(onlyOutput(transform), elements);
  }

  private <T> Coder<WindowedValue<T>> coder(String collection) throws IOException {
    return Elements.coder(collection, components);
  }

  private static String onlyInput(RunnerApi.PTransform transform) {
    return Iterables.getOnlyElement(transform.getInputsMap().values());
  }

  private static String onlyOutput(RunnerApi.PTransform transform) {
    return Iterables.getOnlyElement(transform.getOutputsMap().values());
  }
}
