package org.apache.beam.runners.flink;

import java.io.IOException;
import java.util.Collection;
import java.util.Set;
import org.apache.beam.model.pipeline.v1.RunnerApi;
import org.apache.beam.runners.fnexecution.wire.WireCoders;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.coders.CoderException;
import org.apache.beam.sdk.transforms.windowing.GlobalWindow;
import org.apache.beam.sdk.util.CoderUtils;
import org.apache.beam.sdk.util.construction.graph.PipelineNode;
import org.apache.beam.sdk.values.WindowedValue;

/** Windowed values as the bytes that exchanges carry. */
final class Elements {
  private Elements() {}

  /** The coder of a PCollection's windowed values, as workers use it; what only workers know stays bytes. */
  static <T> Coder<WindowedValue<T>> coder(String collection, RunnerApi.Components components) throws IOException {
    return WireCoders.instantiateRunnerWireCoder(
        PipelineNode.pCollection(collection, components.getPcollectionsOrThrow(collection)), components);
  }

  /** The bytes of a value, which must be in the global window. */
  static <T> byte[] encode(Coder<WindowedValue<T>> coder, WindowedValue<T> value) throws CoderException {
    if (!Set.of(GlobalWindow.INSTANCE).equals(Set.copyOf((Collection<?>) value.getWindows()))) {
      throw new IllegalStateException("not in the global window: " + value.getWindows());
    }
    return CoderUtils.encodeToByteArray(coder, value);
  }

  /** The value of such bytes. */
  static <T> WindowedValue<T> decode(Coder<WindowedValue<T>> coder, byte[] element) throws CoderException {
    return CoderUtils.decodeFromByteArray(coder, element);
  }
}
