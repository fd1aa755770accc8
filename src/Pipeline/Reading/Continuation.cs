using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Nanodet.Serverless.Pipeline.Reading;

/// <summary>Where a page ended: a place in a job's lines, or storage's own mark in a listing.</summary>
internal static class Continuation
{
    private const char Lines = 'l';
    private const char Records = 'r';

    /// <summary>The place behind some lines.</summary>
    internal static string OfLines(int file, long offset) => string.Create(CultureInfo.InvariantCulture, $"{Lines}{file}.{offset}");

    /// <summary>The place behind some records.</summary>
    internal static string OfRecords(string token) => Records + Base64Url.EncodeToString(Encoding.UTF8.GetBytes(token));

    /// <summary>Whether a page of records ended there.</summary>
    internal static bool IsOfRecords(string? text) => text?.StartsWith(Records) is true;

    /// <summary>A file's number and a place in it, in bytes.</summary>
    /// <exception cref="PipelineException">It is no place in lines.</exception>
    internal static (int File, long Offset) ReadLines(string? text)
    {
        if (text is null)
        {
            return (0, 0);
        }

        return text[0] == Lines
            && text[1..].Split('.') is [var file, var offset]
            && int.TryParse(file, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && long.TryParse(offset, NumberStyles.None, CultureInfo.InvariantCulture, out var place)
                ? (number, place)
                : throw Invalid();
    }

    /// <summary>The mark of a listing.</summary>
    /// <exception cref="PipelineException">It is none.</exception>
    internal static string? ReadRecords(string? text)
    {
        if (text is null)
        {
            return null;
        }

        try
        {
            return text[0] == Records ? Encoding.UTF8.GetString(Base64Url.DecodeFromChars(text.AsSpan(1))) : throw Invalid();
        }
        catch (FormatException)
        {
            throw Invalid();
        }
    }

    private static PipelineException Invalid() => new(
        PipelineErrorCodes.InvalidRequest,
        "continuation: expected what the page before said, found something else.");
}
