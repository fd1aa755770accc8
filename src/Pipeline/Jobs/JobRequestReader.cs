using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Storage;

namespace Nanodet.Serverless.Pipeline.Jobs;

/// <summary>Makes a job of a request: checks what it says, and fills in what it leaves open.</summary>
internal sealed class JobRequestReader(JobOptions options, StorageOptions names)
{
    private const int MaxFilterLength = 1024;

    /// <exception cref="PipelineException"><see cref="PipelineErrorCodes.InvalidRequest"/>.</exception>
    internal JobDefinition Complete(JobRequest request, string jobId, DateTimeOffset createdUtc)
    {
        var container = string.IsNullOrEmpty(request.Container) ? names.Images : request.Container;
        Require(names.IsImageContainer(container), "container", $"'{names.Images}' or another container of images", $"'{container}'");
        RequireLength(request.Prefix, "prefix", BlobNames.MaxLength);
        RequireLength(request.Filter, "filter", MaxFilterLength);
        RequireRange(request.PageSize, "pageSize", 5000);
        RequireRange(request.PagesInFlight, "pagesInFlight", 64);
        RequireRange(request.BatchSize, "batchSize", 1000);
        Require(
            !(request.Force && request.OnlyFailed),
            "force",
            "it without 'onlyFailed', which detects its images again in any case",
            "both");
        Require(request.OnlyFailed || !request.IncludeCrashed, "includeCrashed", "it only with 'onlyFailed'", "it without");
        try
        {
            MessageReader.Validate(request.Options);
        }
        catch (PipelineException exception)
        {
            throw new PipelineException(PipelineErrorCodes.InvalidRequest, exception.Message, exception);
        }

        return new JobDefinition
        {
            JobId = jobId,
            Container = container,
            Prefix = request.Prefix ?? string.Empty,
            Filter = string.IsNullOrEmpty(request.Filter) ? null : request.Filter,
            Options = request.Options,
            Force = request.Force,
            OnlyFailed = request.OnlyFailed,
            IncludeCrashed = request.IncludeCrashed,
            ErrorThreshold = request.ErrorThreshold ?? ErrorThreshold.Never,
            PageSize = request.PageSize ?? options.PageSize,
            PagesInFlight = request.PagesInFlight ?? options.PagesInFlight,
            BatchSize = request.BatchSize ?? options.BatchSize,
            CreatedUtc = createdUtc,
        };
    }

    private static void RequireLength(string? text, string name, int most) =>
        Require(text is null || text.Length <= most, name, $"at most {most} characters", "more");

    private static void RequireRange(int? value, string name, int most) =>
        Require(value is null || (value >= 1 && value <= most), name, $"1 to {most}", $"{value}");

    private static void Require(bool holds, string name, string expected, string found)
    {
        if (!holds)
        {
            throw new PipelineException(PipelineErrorCodes.InvalidRequest, $"{name}: expected {expected}, found {found}.");
        }
    }
}
