using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Azure;
using Azure.Identity;
using Nanodet.Checkpoints;
using Nanodet.Detection;
using Nanodet.Detection.Natives;
using Nanodet.Serverless.LocalHost;
using Nanodet.Serverless.Pipeline.Storage;

namespace Nanodet.Serverless.Cli.Output;

/// <summary>Turns the failures that a user can cause or mend into one line each. Others are defects and keep their stack trace.</summary>
internal static class Failure
{
    /// <summary>The line for an exception, <c>error: code: message</c>, or null where it is a defect.</summary>
    public static string? Describe(Exception exception) => exception switch
    {
        NanodetException coded => Line(coded.Code, coded.Message),
        CheckpointException checkpoint => Line(checkpoint.Code, checkpoint.Message),
        FunctionHostException host => Line(host.Code, host.Message),
        RequestFailedException or AuthenticationFailedException => Line("storage_error", StorageFailure.Explain(exception)!),
        ValidationException validation => Line("invalid_option", validation.Message),
        InvalidDataException data => Line("invalid_data", data.Message),
        UnauthorizedAccessException denied => Line("access_denied", denied.Message),
        IOException io => Line("io_error", io.Message),
        AggregateException { InnerException: { } inner } => Describe(inner),
        HttpRequestException http => Line("app_unreachable", http.Message),
        JsonException json => Line("invalid_json", json.Message),
        OperationCanceledException { InnerException: TimeoutException timeout } => Line("app_unreachable", timeout.Message),
        OperationCanceledException => Line("cancelled", "the command was cancelled; what was finished until then is kept."),
        _ => EnvironmentFault.From(exception) is { } fault ? Line(fault.Code, fault.Message) : null,
    };

    private static string Line(string code, string message) => $"error: {code}: {message}";
}
