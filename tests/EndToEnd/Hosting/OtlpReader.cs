using Google.Protobuf;

namespace Nanodet.Serverless.EndToEnd.Tests.Hosting;

/// <summary>
/// Reads what these tests look at of OTLP's export requests; field numbers are those of the public opentelemetry-proto.
/// </summary>
internal static class OtlpReader
{
    /// <summary>ExportTraceServiceRequest.</summary>
    public static IEnumerable<ReceivedSpan> ReadSpans(byte[] request)
    {
        foreach (var resourceSpans in Fields(request, 1))
        {
            var role = Fields(resourceSpans, 1).SelectMany(resource => Fields(resource, 1)).Select(ReadAttribute)
                .FirstOrDefault(attribute => attribute.Key == "nanodet.role").Value ?? string.Empty;
            foreach (var span in Fields(resourceSpans, 2).SelectMany(scope => Fields(scope, 2)))
            {
                yield return new ReceivedSpan(
                    role,
                    Text(span, 5),
                    Hex(span, 1),
                    Hex(span, 2),
                    Hex(span, 4),
                    [.. Fields(span, 13).Select(link => Hex(link, 1))]);
            }
        }
    }

    /// <summary>ExportMetricsServiceRequest: the names of its metrics.</summary>
    public static IEnumerable<string> ReadMetricNames(byte[] request) =>
        from resource in Fields(request, 1)
        from scope in Fields(resource, 2)
        from metric in Fields(scope, 2)
        select Text(metric, 1);

    private static (string Key, string? Value) ReadAttribute(byte[] attribute) =>
        (Text(attribute, 1), Fields(attribute, 2).Select(value => Text(value, 1)).FirstOrDefault());

    private static string Text(byte[] message, int field) =>
        System.Text.Encoding.UTF8.GetString(Fields(message, field).FirstOrDefault() ?? []);

    private static string Hex(byte[] message, int field) => Convert.ToHexStringLower(Fields(message, field).FirstOrDefault() ?? []);

    /// <summary>The length-delimited values of a field.</summary>
    private static List<byte[]> Fields(byte[] message, int field)
    {
        var values = new List<byte[]>();
        var input = new CodedInputStream(message);
        while (input.ReadTag() is var tag && tag != 0)
        {
            if (WireFormat.GetTagFieldNumber(tag) == field && WireFormat.GetTagWireType(tag) == WireFormat.WireType.LengthDelimited)
            {
                values.Add(input.ReadBytes().ToByteArray());
            }
            else
            {
                input.SkipLastField();
            }
        }

        return values;
    }
}
