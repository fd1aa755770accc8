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

/// <summary>The failures that a user can cause or mend. Others are defects and keep their stack trace.</summary>
/// <param name="Code">A stable code for programs.</param>
/// <param name="Message">What was expected, what was found and where.</param>
internal sealed record Failure(string Code, string Message)
{
    /// <summary>The code of a command line that is wrong.</summary>
    public const string WrongUsage = "wrong_usage";

    /// <summary>The line for an exception, <c>error: code: message</c>, or null where it is a defect.</summary>
    public static string? Describe(Exception exception) => From(exception) is { } failure ? Line(failure.Code, failure.Message) : null;

    /// <summary>The line for people and logs.</summary>
    public static string Line(string code, string message) => $"error: {code}: {message}";

    /// <summary>What an exception means to a user, or null where it is a defect.</summary>
    public static Failure? From(Exception exception) => exception switch
    {
        NanodetException coded => new(coded.Code, coded.Message),
        CheckpointException checkpoint => new(checkpoint.Code, checkpoint.Message),
        FunctionHostException host => new(host.Code, host.Message),
        RequestFailedException or AuthenticationFailedException => new("storage_error", StorageFailure.Explain(exception)!),
        ValidationException validation => new("invalid_option", validation.Message),
        InvalidDataException data => new("invalid_data", data.Message),
        UnauthorizedAccessException denied => new("access_denied", denied.Message),
        IOException io => new("io_error", io.Message),
        AggregateException { InnerException: { } inner } => From(inner),
        HttpRequestException http => new("app_unreachable", http.Message),
        JsonException json => new("invalid_json", json.Message),
        OperationCanceledException { InnerException: TimeoutException timeout } => new("app_unreachable", timeout.Message),
        OperationCanceledException => new("cancelled", "the command was cancelled; what was finished until then is kept."),
        _ => EnvironmentFault.From(exception) is { } fault ? new(fault.Code, fault.Message) : null,
    };
}
