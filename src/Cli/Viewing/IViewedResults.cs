using Nanodet.Detection.Results;
using Nanodet.Serverless.Pipeline.Reading;

namespace Nanodet.Serverless.Cli.Viewing;

/// <summary>Results that are looked at, and their images.</summary>
internal interface IViewedResults
{
    /// <summary>What they are, for people.</summary>
    string Title { get; }

    /// <summary>The job that they are of, or null.</summary>
    string? JobId { get; }

    /// <summary>Where images are read from directly; null when only through this program.</summary>
    Uri? ImageOrigin { get; }

    /// <summary>Some results.</summary>
    /// <param name="query">What is wanted.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Null when the query names another job.</returns>
    /// <exception cref="Pipeline.PipelineException">The query means nothing here.</exception>
    Task<ResultPage?> ReadAsync(ResultQuery query, CancellationToken cancellationToken);

    /// <summary>Every result that is wanted, in order.</summary>
    /// <param name="query">What is wanted.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    IAsyncEnumerable<DetectionResult> ReadAllAsync(ResultQuery query, CancellationToken cancellationToken);

    /// <summary>Whether an ETag names the content of an image. Nobody can tell whether a file is still what was detected.</summary>
    bool IsContentKnown { get; }

    /// <summary>An address from which a browser reads an image directly; null when it has none.</summary>
    /// <param name="container">The image's container, or null.</param>
    /// <param name="name">The image's name.</param>
    /// <param name="etag">The content that is meant; null for any.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="Pipeline.PipelineException">There is no such image, or it was overwritten.</exception>
    Task<ImageLink?> LinkAsync(string? container, string name, string? etag, CancellationToken cancellationToken);

    /// <summary>The bytes of an image; null when there is none.</summary>
    /// <param name="container">The image's container, or null.</param>
    /// <param name="name">The image's name.</param>
    /// <param name="etag">The content that is meant; null for any.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="Pipeline.PipelineException">It was overwritten.</exception>
    Task<ReadOnlyMemory<byte>?> FindImageAsync(string? container, string name, string? etag, CancellationToken cancellationToken);
}
