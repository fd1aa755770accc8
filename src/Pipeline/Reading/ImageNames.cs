using Azure.Storage.Blobs;
using Nanodet.Serverless.Pipeline.Records;
using Nanodet.Serverless.Pipeline.Storage;

namespace Nanodet.Serverless.Pipeline.Reading;

/// <summary>Images that somebody asks for by name.</summary>
internal static class ImageNames
{
    /// <summary>The blob of an image.</summary>
    /// <param name="clients">The account.</param>
    /// <param name="names">Names of containers.</param>
    /// <param name="container">The image's container; null for the app's own.</param>
    /// <param name="name">The image's name.</param>
    /// <exception cref="PipelineException">It is in no container of images, or its name leads nowhere.</exception>
    internal static BlobClient Require(StorageClients clients, StorageOptions names, string? container, string name)
    {
        container ??= names.Images;
        if (!names.IsImageContainer(container))
        {
            throw new PipelineException(
                PipelineErrorCodes.InvalidRequest, $"container: expected a container of images, found '{BlobNames.Show(container)}'.");
        }

        return BlobNames.FindProblem(container, name) is { } problem
            ? throw new PipelineException(FailureCodes.NameUnusable, $"name: {problem}.")
            : clients.Image(container, name);
    }
}
