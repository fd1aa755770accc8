using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Nanodet.Detection.Results;

namespace Nanodet.Serverless.Exports.Sources;

/// <summary>Results that stand in a stream, one JSON document a line.</summary>
public static class ResultLines
{
    /// <summary>Reads them as they come. Empty lines are skipped.</summary>
    /// <param name="stream">UTF-8; it stays open.</param>
    /// <param name="source">What the stream is called in messages.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="ExportException"><c>invalid_result</c>: a line is not a result; the message has its number.</exception>
    public static async IAsyncEnumerable<DetectionResult> ReadAsync(
        Stream stream, string source, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        using var reader = new StreamReader(stream, Encoding.UTF8, bufferSize: 1 << 16, leaveOpen: true);
        for (var number = 1L; await reader.ReadLineAsync(cancellationToken).ConfigureAwait(false) is { } line; number++)
        {
            if (line.Length > 0)
            {
                yield return Parse(line, source, number);
            }
        }
    }

    private static DetectionResult Parse(string line, string source, long number)
    {
        try
        {
            return DetectionResult.Parse(Encoding.UTF8.GetBytes(line));
        }
        catch (JsonException exception)
        {
            throw new ExportException("invalid_result", $"{source}, line {number}: expected a result: {exception.Message}", exception);
        }
    }
}
