package org.apache.beam.runners.flink;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import org.apache.beam.model.pipeline.v1.RunnerApi;
import org.apache.beam.runners.fnexecution.provisioning.JobInfo;
import org.apache.beam.sdk.util.construction.graph.GreedyPipelineFuser;
import org.apache.beam.sdk.util.construction.graph.TrivialNativeTransformExpander;
import org.apache.beam.vendor.grpc.v1p69p0.com.google.protobuf.Message;
import org.apache.beam.vendor.grpc.v1p69p0.com.google.protobuf.Struct;
import org.apache.beam.vendor.grpc.v1p69p0.com.google.protobuf.util.JsonFormat;
import org.apache.flink.api.java.ExecutionEnvironment;

/**
 * A test's instrument, never a runner for work: it stands in for Beam's Flink job server where that cannot be had.
 *
 * <p>It runs the staged graph inside the tasks of a real Flink, as far as the project's bounded graphs need it: impulses,
 * executable stages on real workers through Beam's own harness library, grouping by key, reshuffling, flattening and side
 * inputs, all in the global window. There is no state, no timer, no splittable function and no metric; a graph that needs
 * one is refused. The shape of the Flink job follows Beam's translation of batch graphs, which this is not: what Beam's
 * own does with the graph, only Beam's jar can prove.
 */
public final class FlinkPipelineRunner {
  private static final String STAGED = "/BEAM-PIPELINE/pipeline/";

  private FlinkPipelineRunner() {}

  /** Submits the graph that is staged in this jar; Flink calls it. */
  public static void main(String[] arguments) throws Exception {
    RunnerApi.Pipeline graph = read("pipeline.json", RunnerApi.Pipeline.newBuilder()).build();
    Struct options = read("pipeline-options.json", Struct.newBuilder()).build();
    String name = option(options, "job_name");
    JobInfo job = JobInfo.create(name + "_" + UUID.randomUUID(), name, "", options);
    ExecutionEnvironment environment = ExecutionEnvironment.getExecutionEnvironment();
    int parallelism = Integer.parseInt(option(options, "parallelism"));
    if (parallelism > 0) {
      environment.setParallelism(parallelism); // what Flink was told with the submission otherwise
    }
    new Translation(environment, job).translate(fused(graph));
    environment.execute(name);
  }

  /** The graph as executable stages, and what lies between them. */
  private static RunnerApi.Pipeline fused(RunnerApi.Pipeline graph) {
    if (graph.getRequirementsCount() > 0) {
      throw new IllegalArgumentException("a graph that needs " + graph.getRequirementsList());
    }
    RunnerApi.Pipeline trimmed = TrivialNativeTransformExpander.forKnownUrns(graph, Translation.URNS);
    return GreedyPipelineFuser.fuse(trimmed).toPipeline();
  }

  private static String option(Struct options, String name) {
    return options.getFieldsOrThrow("beam:option:" + name + ":v1").getStringValue(); // so numbers are staged, too
  }

  private static <T extends Message.Builder> T read(String name, T into) throws IOException {
    try (InputStream stream = FlinkPipelineRunner.class.getResourceAsStream(STAGED + name)) {
      JsonFormat.parser().merge(new String(stream.readAllBytes(), StandardCharsets.UTF_8), into);
    }
    return into;
  }
}
