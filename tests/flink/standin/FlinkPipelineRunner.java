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
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

/**
 * Stands in for Beam's job server in tests of the launcher: a Flink job of one task, with the name that the driver
 * asked for, which does what standin.properties in the jar says. It does not translate the graph to Flink: in mode
 * "run" its task gives the graph that was staged in the jar to another runner, so that the run's output is written.
 * Where a "gate" is named, the task begins once there is a file of that name. Where "exchanges" are told, the task's
 * input goes through so many blocking exchanges at a time, as a batch job's does. A failure is final, unless "attempts"
 * says how many more there are.
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
    int exchanges = Integer.parseInt(told.getProperty("exchanges", "0"));
    StreamExecutionEnvironment environment =
        StreamExecutionEnvironment.getExecutionEnvironment(configuration(told, exchanges > 0));
    String parallelism = told.getProperty("parallelism", "1");
    if (!parallelism.equals("default")) {
      environment.setParallelism(Integer.parseInt(parallelism));
    }
    DataStream<String> graph = environment.fromData(resource("/BEAM-PIPELINE/pipeline/pipeline.json"));
    DataStream<String> arrived = graph.rebalance();
    if (exchanges > 0) {
      arrived = throughExchanges(graph, exchanges);
    }
    arrived.map(new Task(told)).returns(String.class).sinkTo(new DiscardingSink<>());
    environment.execute(name.group(1));
  }

  private static Configuration configuration(Properties told, boolean batch) {
    Configuration configuration = new Configuration();
    String attempts = told.getProperty("attempts");
    if (attempts != null) {
      configuration.setString("restart-strategy.type", "fixed-delay");
      configuration.setString("restart-strategy.fixed-delay.attempts", attempts);
      configuration.setString("restart-strategy.fixed-delay.delay", "100 ms");
    } else if (batch || told.getProperty("mode").startsWith("fail")) {
      configuration.setString("restart-strategy.type", "none");
    }
    if (batch) {
      configuration.setString("execution.runtime-mode", "BATCH");
    }
    return configuration;
  }

  /** What comes out of so many exchanges, which all take from one task: it needs the buffers of all at a time. */
  private static DataStream<String> throughExchanges(DataStream<String> graph, int exchanges) {
    DataStream<String> all = null;
    for (int exchange = 0; exchange < exchanges; exchange++) {
      DataStream<String> one = graph.map(each -> each).returns(String.class).rebalance(); // Flink makes equal ones one
      all = all == null ? one : all.union(one);
    }
    return all;
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
