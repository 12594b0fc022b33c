package org.apache.beam.runners.flink;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import org.apache.beam.model.pipeline.v1.RunnerApi;
import org.apache.beam.runners.fnexecution.control.OutputReceiverFactory;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.fn.data.FnDataReceiver;
import org.apache.beam.sdk.values.WindowedValue;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.util.Collector;

/** Takes what workers give out, on threads of theirs, and passes it on with the number of the output that it is of. */
final class Results implements OutputReceiverFactory {
  private final List<String> outputs;
  private final RunnerApi.Components components;
  private final Collector<Tuple2<Integer, byte[]>> out;

  Results(List<String> outputs, RunnerApi.Components components, Collector<Tuple2<Integer, byte[]>> out) {
    this.outputs = outputs;
    this.components = components;
    this.out = out;
  }

  @Override
  @SuppressWarnings("unchecked") // Beam names the type by the collection only
  public <T> FnDataReceiver<T> create(String collection) {
    int number = outputs.indexOf(collection);
    Coder<WindowedValue<Object>> coder = coder(collection);
    return element -> {
      byte[] bytes = Elements.encode(coder, (WindowedValue<Object>) element);
      synchronized (out) {
        out.collect(Tuple2.of(number, bytes));
      }
    };
  }

  private Coder<WindowedValue<Object>> coder(String collection) {
    try {
      return Elements.coder(collection, components);
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }
}
