package org.apache.beam.runners.flink;

import java.io.IOException;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.values.WindowedValue;
import org.apache.beam.sdk.values.WindowedValues;
import org.apache.flink.api.common.io.GenericInputFormat;
import org.apache.flink.core.io.GenericInputSplit;

/** The source of an impulse: one empty value, given out once, however many tasks there are. */
final class Impulse extends GenericInputFormat<byte[]> {
  private final Coder<WindowedValue<byte[]>> coder;
  private boolean given;

  Impulse(Coder<WindowedValue<byte[]>> coder) {
    this.coder = coder;
  }

  @Override
  public GenericInputSplit[] createInputSplits(int atLeast) {
    return new GenericInputSplit[] {new GenericInputSplit(0, 1)};
  }

  @Override
  public void open(GenericInputSplit split) throws IOException {
    super.open(split);
    given = false;
  }

  @Override
  public boolean reachedEnd() {
    return given;
  }

  @Override
  public byte[] nextRecord(byte[] reuse) throws IOException {
    given = true;
    return Elements.encode(coder, WindowedValues.valueInGlobalWindow(new byte[0]));
  }
}
