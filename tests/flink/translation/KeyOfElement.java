package org.apache.beam.runners.flink;

import java.util.Base64;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.coders.KvCoder;
import org.apache.beam.sdk.util.CoderUtils;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.WindowedValue;
import org.apache.beam.sdk.values.WindowedValues;
import org.apache.flink.api.java.functions.KeySelector;

/** The key that Flink groups by: the encoded key of an element, as text, because Flink does not compare bytes. */
final class KeyOfElement implements KeySelector<byte[], String> {
  private final Coder<WindowedValue<KV<Object, Object>>> coder;
  private final Coder<Object> keyCoder;

  KeyOfElement(Coder<WindowedValue<KV<Object, Object>>> coder) {
    this.coder = coder;
    Coder<KV<Object, Object>> pair = ((WindowedValues.WindowedValueCoder<KV<Object, Object>>) coder).getValueCoder();
    this.keyCoder = ((KvCoder<Object, Object>) pair).getKeyCoder();
  }

  @Override
  public String getKey(byte[] element) throws Exception {
    Object key = Elements.decode(coder, element).getValue().getKey();
    return Base64.getEncoder().encodeToString(CoderUtils.encodeToByteArray(keyCoder, key));
  }
}
