using System.Text.Json;
using Nanodet.Serverless.Pipeline.Messages;

namespace Nanodet.Serverless.Pipeline.Jobs;

/// <summary>The body of <c>POST /api/jobs</c>. People write it by hand, so nothing in it is ignored.</summary>
internal static class JobRequestBody
{
    private const string HowToTakeAll =
        "Name a 'prefix' or a 'filter'; for every image of the container send {} or \"all\": true.";

    /// <summary>Reads a body.</summary>
    /// <param name="body">UTF-8 JSON.</param>
    /// <exception cref="PipelineException">
    /// <see cref="PipelineErrorCodes.InvalidRequest"/> or <see cref="PipelineErrorCodes.UnsupportedVersion"/>.
    /// </exception>
    internal static JobRequest Read(ReadOnlyMemory<byte> body)
    {
        var json = MessageBody.Trim(body);
        if (json.IsEmpty)
        {
            throw Invalid($"request: expected a JSON object, found an empty body. {HowToTakeAll}");
        }

        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { AllowDuplicateProperties = false });
            var root = document.RootElement;
            MessageReader.RequireVersion(root, nameof(JobRequest));
            if (JsonFields.FindProblem(root, JobJson.Default.JobRequest, path: string.Empty) is { } problem)
            {
                throw Invalid($"{problem}.");
            }

            var request = root.Deserialize(JobJson.Default.JobRequest)!;
            RequireOneScope(request);
            return request;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // Half of a surrogate pair in a field's name, or no JSON: the reader says where. A converter names its field.
            throw Invalid(exception.InnerException is PipelineException inner ? inner.Message : $"request: {exception.Message}", exception);
        }
    }

    private static void RequireOneScope(JobRequest request)
    {
        if (request.All
            && (!string.IsNullOrEmpty(request.Prefix) || !string.IsNullOrEmpty(request.Filter) || request.OnlyFailed
                || request.Images is not null || request.List is not null))
        {
            throw Invalid(
                "all: expected it without 'prefix', 'filter', 'images', 'list' and 'onlyFailed', which take a part, found both.");
        }
    }

    private static PipelineException Invalid(string message, Exception? inner = null) =>
        new(PipelineErrorCodes.InvalidRequest, message, inner);
}
