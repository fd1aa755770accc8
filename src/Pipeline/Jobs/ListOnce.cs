using System.Buffers;

namespace Nanodet.Serverless.Pipeline.Jobs;

/// <summary>Takes the names out of a list that come again. Of each name no more is held than where it lies: lists have millions.</summary>
internal static class ListOnce
{
    private const byte LineFeed = (byte)'\n';

    /// <summary>Keeps the first line of each name.</summary>
    /// <param name="content">The list.</param>
    /// <returns>The same list where no name comes again; and how many names it has.</returns>
    internal static (ReadOnlyMemory<byte> Content, int Names) Keep(ReadOnlyMemory<byte> content)
    {
        var seen = new HashSet<int>(new SameName(content));
        ArrayBufferWriter<byte>? kept = null;
        for (var start = 0; start < content.Length;)
        {
            var line = LineAt(content.Span, start);
            if (JobList.Parse(line) is not null && !seen.Add(start))
            {
                if (kept is null)
                {
                    kept = new ArrayBufferWriter<byte>(content.Length);
                    kept.Write(content.Span[..start]);
                }
            }
            else
            {
                kept?.Write(content.Span.Slice(start, Math.Min(line.Length + 1, content.Length - start)));
            }

            start += line.Length + 1;
        }

        return (kept?.WrittenMemory ?? content, seen.Count);
    }

    private static ReadOnlySpan<byte> LineAt(ReadOnlySpan<byte> content, int start)
    {
        var rest = content[start..];
        var end = rest.IndexOf(LineFeed);
        return end < 0 ? rest : rest[..end];
    }

    /// <summary>Compares lines by the names that they hold.</summary>
    private sealed class SameName(ReadOnlyMemory<byte> content) : IEqualityComparer<int>
    {
        public bool Equals(int x, int y) => x == y || NameAt(x) == NameAt(y);

        public int GetHashCode(int obj) => NameAt(obj)?.GetHashCode(StringComparison.Ordinal) ?? 0;

        private string? NameAt(int start) => JobList.Parse(LineAt(content.Span, start));
    }
}
