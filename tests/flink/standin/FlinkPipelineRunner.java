package org.apache.beam.runners.flink;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

/**
 * Stands in for Beam's job server in tests of the launcher: a Flink job of one task, with the name that the driver
 * asked for, which does what standin.properties in the jar says. It does not translate the graph to Flink: in mode
 * "run" its task gives the graph that was staged in the jar to another runner, so that the run's output is written.
 * Where a "gate" is named, the task begins once there is a file of that name.
 */
public final class FlinkPipelineRunner {
  private static final Pattern JOB_NAME = Pattern.compile("\"beam:option:job_name:v1\":\\s*\"([^\"]+)\"");

  private FlinkPipelineRunner() {}

  public static void main(String[] arguments) throws Exception {
    Properties told = new Properties();
    told.load(FlinkPipelineRunner.class.getResourceAsStream("/standin.properties"));
    Matcher name = JOB_NAME.matcher(resource("/BEAM-PIPELINE/pipeline/pipeline-options.json"));
    if (!name.find()) {
      throw new IllegalStateException("the pipeline's options have no job name");
    }
    Configuration configuration = new Configuration();
    if (told.getProperty("mode").startsWith("fail")) {
      configuration.setString("restart-strategy.type", "none");
    }
    StreamExecutionEnvironment environment = StreamExecutionEnvironment.getExecutionEnvironment(configuration);
    environment.setParallelism(1);
    environment
        .fromData(resource("/BEAM-PIPELINE/pipeline/pipeline.json"))
        .rebalance()
        .map(new Task(told))
        .returns(String.class)
        .sinkTo(new DiscardingSink<>());
    environment.execute(name.group(1));
  }

  private static String resource(String path) throws IOException {
    try (InputStream stream = FlinkPipelineRunner.class.getResourceAsStream(path)) {
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /** What the job's one task does with the staged graph. */
  private static final class Task implements MapFunction<String, String> {
    private final Properties told;

    Task(Properties told) {
      this.told = told;
    }

    @Override
    public String map(String graph) throws Exception {
      String gate = told.getProperty("gate");
      while (gate != null && !Files.exists(Path.of(gate))) {
        Thread.sleep(20);
      }
      switch (told.getProperty("mode")) {
        case "run":
          run(graph.getBytes(StandardCharsets.UTF_8));
          return graph;
        case "wait":
          Thread.sleep(Long.MAX_VALUE);
          return graph;
        case "fail after run":
          run(graph.getBytes(StandardCharsets.UTF_8));
          throw new RuntimeException(told.getProperty("message"));
        case "fail":
          throw new RuntimeException(told.getProperty("message"));
        default:
          return graph;
      }
    }

    private void run(byte[] graph) throws Exception {
      Process process =
          new ProcessBuilder(told.getProperty("python"), told.getProperty("script"))
              .redirectErrorStream(true)
              .start();
      try {
        OutputStream input = process.getOutputStream();
        input.write((graph.length + "\n").getBytes(StandardCharsets.UTF_8));
        input.write(graph);
        input.flush(); // and stays open: the process ends when it is closed
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
          throw new RuntimeException(said);
        }
      } finally {
        process.destroyForcibly();
      }
    }
  }
}
