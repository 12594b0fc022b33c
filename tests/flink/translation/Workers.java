package org.apache.beam.runners.flink;

import java.io.IOException;
import org.apache.beam.model.pipeline.v1.RunnerApi;

/** The worker pool that a stage uses. */
final class Workers {
  private Workers() {}

  /**
   * The stage with the pool that the property "workers" of this Java machine names, if it does.
   *
   * <p>A job names one address for all TaskManagers, and a pool may serve one of them only. Where each has a machine of its
   * own, each finds its own pool there; in a test they are on one machine.
   */
  static RunnerApi.ExecutableStagePayload ofThisTaskManager(RunnerApi.ExecutableStagePayload stage) throws IOException {
    String address = System.getProperty("workers");
    if (address == null) {
      return stage;
    }
    RunnerApi.Environment environment = stage.getEnvironment();
    RunnerApi.ExternalPayload.Builder pool =
        RunnerApi.ExternalPayload.parseFrom(environment.getPayload()).toBuilder();
    pool.getEndpointBuilder().setUrl(address);
    RunnerApi.Environment.Builder own = environment.toBuilder().setPayload(pool.build().toByteString());
    return stage.toBuilder().setEnvironment(own).build();
  }
}
