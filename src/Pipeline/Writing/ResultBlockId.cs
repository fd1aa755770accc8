using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Nanodet.Serverless.Pipeline.Writing;

/// <summary>The id of a block of results. The ids of a blob have one length; a replay gives the same one.</summary>
/// <param name="Page">The job's page.</param>
/// <param name="Offset">The batch's place in the page.</param>
/// <param name="Lines">Results in the block.</param>
internal readonly record struct ResultBlockId(int Page, int Offset, int Lines)
{
    private const int Length = 30;

    /// <summary>Base64 of three numbers of ten digits.</summary>
    internal string Encode() => Convert.ToBase64String(
        Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Page:D10}{Offset:D10}{Lines:D10}")));

    /// <summary>Null for a block of somebody else.</summary>
    internal static ResultBlockId? TryDecode(string id)
    {
        Span<byte> bytes = stackalloc byte[Length];
        return Convert.TryFromBase64String(id, bytes, out var written)
            && written == Length
            && TryParse(bytes[..10], out var page)
            && TryParse(bytes[10..20], out var offset)
            && TryParse(bytes[20..], out var lines)
            ? new ResultBlockId(page, offset, lines)
            : null;
    }

    private static bool TryParse(ReadOnlySpan<byte> digits, out int value) =>
        Utf8Parser.TryParse(digits, out value, out var consumed) && consumed == digits.Length;
}
