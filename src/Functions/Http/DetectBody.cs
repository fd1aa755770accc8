using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace Nanodet.Serverless.Functions.Http;

/// <summary>
/// The image of <c>POST /api/detect</c>: the whole body, or the one file of a form (<c>multipart/form-data</c>). Gzip needs nothing here:
/// the detector unpacks it, whether a header announces it or not.
/// </summary>
internal static class DetectBody
{
    /// <summary>What a form may have besides the image, in bytes: borders, headers, other fields.</summary>
    private const int FormOverhead = 64 << 10;

    private const int MostHeaders = 16;

    /// <summary>Reads the image.</summary>
    /// <param name="request">The request.</param>
    /// <param name="bodies">Receives the body.</param>
    /// <param name="limit">The most bytes of an image, packed or not.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>
    /// The body that was received, which the caller gives back, and the image's bytes in it; or the answer for a body that is none.
    /// </returns>
    public static async Task<(ReceivedBody? Body, ReadOnlyMemory<byte> Image, IResult? Problem)> ReadAsync(
        HttpRequest request, BodyReader bodies, long limit, CancellationToken cancellationToken)
    {
        var border = Border(request.ContentType, out var isForm);
        foreach (var encoding in request.Headers.ContentEncoding.SelectMany(value => (value ?? string.Empty).Split(',')))
        {
            var name = encoding.Trim().ToLowerInvariant();
            if (name is not ("" or "identity") && (isForm || name is not ("gzip" or "x-gzip")))
            {
                return (null, default, UnsupportedBody(isForm
                    ? $"Content-Encoding: expected none for a form, found '{name}'. Send the form as it is; its file may be gzip."
                    : $"Content-Encoding: expected gzip or none, found '{name}'. Send the image as it is."));
            }
        }

        if (isForm && border is null)
        {
            return (
                null, default, Problem.InvalidRequest("Content-Type: expected a boundary of up to 70 characters in multipart/form-data."));
        }

        // A form that is a little too long is read, so that its image is what counts.
        var body = await bodies.ReadAsync(
            request.Body, request.ContentLength, isForm ? limit + FormOverhead : limit, cancellationToken);
        if (body.Fault != BodyFault.None)
        {
            return (body, default, Problem.BodyRefused(body.Fault, limit));
        }

        var (image, problem) = isForm ? await ReadFormAsync(body.Bytes, border!, limit, cancellationToken) : (body.Bytes, null);
        return (body, image, problem);
    }

    private static string? Border(string? contentType, out bool isForm)
    {
        isForm = MediaTypeHeaderValue.TryParse(contentType, out var type)
            && type.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase);
        var border = isForm ? HeaderUtilities.RemoveQuotes(type!.Boundary).Value : null;
        return border is { Length: > 0 and <= 70 } ? border : null;
    }

    private static async Task<(ReadOnlyMemory<byte> Image, IResult? Problem)> ReadFormAsync(
        ReadOnlyMemory<byte> body, string border, long limit, CancellationToken cancellationToken)
    {
        _ = MemoryMarshal.TryGetArray(body, out var segment);
        using var stream = new MemoryStream(segment.Array!, segment.Offset, segment.Count, writable: false);
        var reader = new MultipartReader(border, stream) { HeadersCountLimit = MostHeaders, HeadersLengthLimit = FormOverhead };
        ReadOnlyMemory<byte>? image = null;
        try
        {
            while (await reader.ReadNextSectionAsync(cancellationToken) is { } section)
            {
                if (section.GetContentDispositionHeader()?.IsFileDisposition() is not true)
                {
                    continue;
                }

                if (image is not null)
                {
                    return (
                        default, Problem.InvalidRequest("multipart/form-data: expected one file, found several; send one request each."));
                }

                var begin = (int)section.BaseStreamOffset!.Value;
                await section.Body.CopyToAsync(Stream.Null, cancellationToken);
                image = body.Slice(begin, (int)section.Body.Length);
            }
        }
        catch (Exception exception) when (exception is IOException or InvalidDataException)
        {
            return (default, Problem.InvalidRequest($"multipart/form-data: expected a complete form with one file: {exception.Message}"));
        }

        return image is not { } found
            ? (default, Problem.InvalidRequest("multipart/form-data: expected one file (a part with a filename), found none."))
            : found.Length > limit ? (default, Problem.BodyRefused(BodyFault.TooLarge, limit)) : (found, null);
    }

    private static IResult UnsupportedBody(string detail) => Problem.Result(
        StatusCodes.Status415UnsupportedMediaType, "unsupported_body", "The body cannot be read", detail);
}
