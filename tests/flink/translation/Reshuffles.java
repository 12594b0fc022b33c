package org.apache.beam.runners.flink;

import org.apache.beam.model.pipeline.v1.RunnerApi;
import org.apache.beam.sdk.util.construction.NativeTransforms;
import org.apache.beam.sdk.util.construction.PTransformTranslation;

/** Tells Beam, which finds it as a service, that a Reshuffle is translated as it is, whatever it consists of. */
public final class Reshuffles implements NativeTransforms.IsNativeTransform {
  @Override
  public boolean test(RunnerApi.PTransform transform) {
    return PTransformTranslation.RESHUFFLE_URN.equals(transform.getSpec().getUrn());
  }
}
