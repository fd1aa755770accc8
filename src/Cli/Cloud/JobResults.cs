using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Azure;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Cli.Output;
using Nanodet.Serverless.Pipeline.Jobs;

namespace Nanodet.Serverless.Cli.Cloud;

/// <summary>The results of a job that ended: the lines that its manifest names, read as they come.</summary>
/// <param name="storage">The storage account.</param>
/// <param name="jobId">The job.</param>
/// <param name="target">The options that name the app again, for the command that a message proposes.</param>
internal sealed class JobResults(CloudStorage storage, string jobId, string target)
{
    /// <summary>Every result, with its line.</summary>
    /// <exception cref="CliException"><c>job_not_found</c>: there is no such job, or it has not ended.</exception>
    public async IAsyncEnumerable<(string Line, DetectionResult Result)> ReadAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var container = storage.Clients.Blobs.GetBlobContainerClient(storage.Names.Jobs);
        foreach (var name in (await FindManifestAsync(cancellationToken)).Results)
        {
            using var reader = new StreamReader(
                await container.GetBlobClient(name).OpenReadAsync(cancellationToken: cancellationToken));
            while (await reader.ReadLineAsync(cancellationToken) is { } line)
            {
                if (line.Length > 0)
                {
                    yield return (line, DetectionResult.Parse(Encoding.UTF8.GetBytes(line)));
                }
            }
        }
    }

    private async Task<JobManifest> FindManifestAsync(CancellationToken cancellationToken)
    {
        try
        {
            var blob = storage.Clients.Blobs.GetBlobContainerClient(storage.Names.Jobs).GetBlobClient($"{jobId}/manifest.json");
            var content = await blob.DownloadContentAsync(cancellationToken);
            return JsonSerializer.Deserialize(content.Value.Content, JobJson.Default.JobManifest)!;
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            throw new CliException(
                "job_not_found",
                $"expected the manifest of job {jobId}, which is written when a job ends, found none in container {storage.Names.Jobs}; "
                    + $"'nanodet job {jobId}{target}' says how far the job is.");
        }
    }
}
