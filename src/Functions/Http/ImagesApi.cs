using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Nanodet.Detection.Images;
using Nanodet.Detection.Natives;
using Nanodet.Serverless.Pipeline;
using Nanodet.Serverless.Pipeline.Reading;
using Nanodet.Serverless.Pipeline.Records;
using Nanodet.Serverless.Viewer;

namespace Nanodet.Serverless.Functions.Http;

/// <summary><c>/api/images</c> and <c>/api/thumbnails</c>: pictures of what was detected.</summary>
/// <param name="links">Makes addresses.</param>
/// <param name="thumbnails">Makes small pictures.</param>
public sealed class ImagesApi(ImageLinks links, ThumbnailStore thumbnails)
{
    /// <summary>
    /// <c>GET /api/images?name=</c>: 200 with an address from which the image can be read for ten minutes; 400 or 422 for a name that
    /// leads nowhere; with <c>etag</c>, 404 when there is no such image, or not with this content.
    /// </summary>
    [Function("GetImageLink")]
    public async Task<IResult> GetLinkAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", "head", Route = "images")] HttpRequest request,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (RequestQuery.Refuse(request, "container", "name", "etag") is { } refusal)
        {
            return refusal;
        }

        if (request.Query["name"] is not [{ Length: > 0 } name])
        {
            return NameMissing();
        }

        try
        {
            var link = await links.CreateAsync(Text(request, "container"), name, Text(request, "etag"), cancellationToken);
            return JsonAnswer.Of(StatusCodes.Status200OK, link, ApiJson.Default.ImageLink);
        }
        catch (PipelineException exception)
        {
            return Refusal(exception);
        }
    }

    /// <summary>
    /// <c>GET /api/thumbnails?name=</c>: 200 with a JPEG; 404 when there is no such image, or not with the content of <c>etag</c>; 422 when
    /// it cannot be decoded.
    /// </summary>
    [Function("GetThumbnail")]
    public async Task<IResult> GetThumbnailAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", "head", Route = "thumbnails")] HttpRequest request,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (RequestQuery.Refuse(request, "container", "name", "etag", "size") is { } refusal)
        {
            return refusal;
        }

        if (request.Query["name"] is not [{ Length: > 0 } name])
        {
            return NameMissing();
        }

        var size = ThumbnailStore.Sides[0];
        if (Text(request, "size") is { } text && !int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out size))
        {
            return Problem.InvalidRequest($"size: expected {string.Join(" or ", ThumbnailStore.Sides)}, found '{text}'.");
        }

        var etag = Text(request, "etag");
        try
        {
            var thumbnail = await thumbnails.GetAsync(Text(request, "container"), name, etag, size, cancellationToken);
            return new FileAnswer(thumbnail, ThumbnailStore.ContentType, ViewerHeaders.OfImage(isVersioned: etag is not null));
        }
        catch (PipelineException exception)
        {
            return Refusal(exception);
        }
        catch (ImageException exception)
        {
            return Problem.Result(
                StatusCodes.Status422UnprocessableEntity, exception.Code, "The image cannot be used", exception.Message);
        }
        catch (Exception exception) when (EnvironmentFault.From(exception) is { } fault)
        {
            return Problem.MachineLacks(fault.Code, fault.Message);
        }
    }

    private static string? Text(HttpRequest request, string name) => request.Query[name] is [{ Length: > 0 } value] ? value : null;

    private static IResult NameMissing() => Problem.InvalidRequest("name: expected the name of an image, found none.");

    private static IResult Refusal(PipelineException exception) => exception.Code switch
    {
        FailureCodes.BlobNotFound or FailureCodes.BlobChanged => Problem.Result(
            StatusCodes.Status404NotFound, exception.Code, "There is no such image", exception.Message),
        PipelineErrorCodes.InvalidRequest => Problem.InvalidRequest(exception.Message),
        _ => Problem.Result(
            StatusCodes.Status422UnprocessableEntity, exception.Code, "The image cannot be used", exception.Message),
    };
}
