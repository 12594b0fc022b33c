package org.apache.beam.runners.flink;

import java.util.ArrayList;
import java.util.List;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.transforms.windowing.GlobalWindow;
import org.apache.beam.sdk.transforms.windowing.PaneInfo;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.WindowedValue;
import org.apache.beam.sdk.values.WindowedValues;
import org.apache.flink.api.common.functions.GroupReduceFunction;
import org.apache.flink.util.Collector;

/** The end of a GroupByKey: one element, the key and all its values, of the elements of a key. */
final class Grouping implements GroupReduceFunction<byte[], byte[]> {
  private final Coder<WindowedValue<KV<Object, Object>>> coder;
  private final Coder<WindowedValue<KV<Object, Iterable<Object>>>> grouped;

  Grouping(Coder<WindowedValue<KV<Object, Object>>> coder, Coder<WindowedValue<KV<Object, Iterable<Object>>>> grouped) {
    this.coder = coder;
    this.grouped = grouped;
  }

  @Override
  public void reduce(Iterable<byte[]> elements, Collector<byte[]> out) throws Exception {
    Object key = null;
    List<Object> values = new ArrayList<>();
    for (byte[] element : elements) {
      KV<Object, Object> pair = Elements.decode(coder, element).getValue();
      key = pair.getKey();
      values.add(pair.getValue());
    }
    KV<Object, Iterable<Object>> group = KV.of(key, values);
    GlobalWindow window = GlobalWindow.INSTANCE;
    PaneInfo pane = PaneInfo.ON_TIME_AND_ONLY_FIRING;
    out.collect(Elements.encode(grouped, WindowedValues.of(group, window.maxTimestamp(), window, pane)));
  }
}
