package org.apache.beam.runners.flink;

import org.apache.flink.api.common.functions.FlatMapFunction;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.util.Collector;

/** One output of a stage: the elements that have its number. */
final class OutputOfStage implements FlatMapFunction<Tuple2<Integer, byte[]>, byte[]> {
  private final int number;

  OutputOfStage(int number) {
    this.number = number;
  }

  @Override
  public void flatMap(Tuple2<Integer, byte[]> element, Collector<byte[]> out) {
    if (element.f0 == number) {
      out.collect(element.f1);
    }
  }
}
