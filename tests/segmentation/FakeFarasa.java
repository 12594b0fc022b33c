import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Stands in for Farasa's segmenter: answers each line with its words, `و` and `ال` at their start cut off.
 *
 * <p>A file named orders beside the jar says what goes wrong, a line each: the number of the line at which it does, and
 * what. With `once` behind it only the first process to come by obeys. Each start adds a line to the file starts.
 */
public final class FakeFarasa {
  public static void main(String[] args) throws Exception {
    Path folder = Path.of(FakeFarasa.class.getProtectionDomain().getCodeSource().getLocation().toURI()).getParent();
    Files.writeString(folder.resolve("starts"), String.join(" ", args) + "\n",
        java.nio.file.StandardOpenOption.CREATE, java.nio.file.StandardOpenOption.APPEND);
    Path file = folder.resolve("orders");
    String[] order = Files.exists(file) ? Files.readString(file).strip().split(" ") : new String[] {"0", "obey"};
    if (order.length > 2) {
      Files.delete(file);
    }
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    int number = 0;
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      number++;
      answer(line, number == Integer.parseInt(order[0]) ? order[1] : "obey", out);
    }
  }

  private static void answer(String line, String order, PrintStream out) throws InterruptedException {
    switch (order) {
      case "hang" -> Thread.sleep(1_000_000);
      case "die" -> {
        System.err.println("java.lang.OutOfMemoryError: Java heap space");
        System.exit(3);
      }
      case "lose" -> { }
      case "garble" -> out.println("\u0000??" + line.length());
      case "twice" -> out.print(segmented(line) + "\n" + segmented(line) + "\n");
      case "respell" -> out.println(segmented(line).replace("كتاب", "كتب"));
      case "normalise" -> out.println(segmented(line).replace("ة", "ه").replace("أ", "ا"));
      default -> out.println(segmented(line));
    }
    out.flush();
  }

  private static String segmented(String line) {
    StringBuilder written = new StringBuilder();
    for (String word : line.split(" ")) {
      String rest = word.startsWith("لل") ? "لال" + word.substring(2) : word;
      for (String prefix : List.of("و", "ل", "ال")) {
        if (rest.startsWith(prefix) && rest.length() > prefix.length() + 2) {
          written.append(prefix).append('+');
          rest = rest.substring(prefix.length());
        }
      }
      written.append(rest).append(' ');
    }
    return written.toString();
  }
}
