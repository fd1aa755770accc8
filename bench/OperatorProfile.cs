using System.Text.Json;

namespace Nanodet.Serverless.Bench;

/// <summary>Reads the trace that ONNX Runtime writes with profiling on: a JSON list of events, of which the nodes' kernel times count.</summary>
internal static class OperatorProfile
{
    private const string KernelTime = "_kernel_time";

    /// <summary>Reads a trace.</summary>
    /// <param name="file">Where it lies.</param>
    /// <param name="warmUps">Number of first runs that do not count.</param>
    /// <returns>The nodes in the order in which they ran.</returns>
    public static IReadOnlyList<NodeTime> Read(string file, int warmUps)
    {
        using var trace = JsonDocument.Parse(File.ReadAllBytes(file));
        var nodes = new Dictionary<string, List<(JsonElement Event, double Milliseconds)>>(StringComparer.Ordinal);
        foreach (var entry in trace.RootElement.EnumerateArray())
        {
            var name = entry.GetProperty("name").GetString()!;
            if (entry.GetProperty("cat").GetString() == "Node" && name.EndsWith(KernelTime, StringComparison.Ordinal))
            {
                // Unnamed nodes share a name; their place in the graph tells them apart.
                var key = $"{name[..^KernelTime.Length]}#{entry.GetProperty("args").GetProperty("node_index").GetString()}";
                if (!nodes.TryGetValue(key, out var events))
                {
                    nodes.Add(key, events = []);
                }

                events.Add((entry, entry.GetProperty("dur").GetDouble() / 1000));
            }
        }

        return [.. nodes.Select(pair => Summarize(pair.Key[..pair.Key.LastIndexOf('#')], pair.Value, warmUps))];
    }

    private static NodeTime Summarize(string name, List<(JsonElement Event, double Milliseconds)> events, int warmUps)
    {
        var counted = events.Skip(warmUps).Select(item => item.Milliseconds).Order().ToList();
        var arguments = events[0].Event.GetProperty("args");
        return new NodeTime(
            name,
            arguments.GetProperty("op_name").GetString()!,
            Shapes(arguments, "input_type_shape"),
            Shapes(arguments, "output_type_shape"),
            counted[counted.Count / 2]);
    }

    private static string Shapes(JsonElement arguments, string property) => arguments.TryGetProperty(property, out var shapes)
        ? string.Join(" ", shapes.EnumerateArray().Select(shape => string.Join("x", shape.EnumerateObject().First().Value.EnumerateArray())))
        : "";
}
