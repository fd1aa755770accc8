using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Nanodet.Detection.Images;
using Nanodet.Detection.Natives;
using Nanodet.Serverless.Pipeline;
using Nanodet.Serverless.Pipeline.Records;

namespace Nanodet.Serverless.Functions.Http;

/// <summary>
/// Errors of the API: problem details of RFC 9457 with a <c>code</c> that programs may decide by; the texts may change.
/// </summary>
public static class Problem
{
    /// <summary>The media type of problem details.</summary>
    public const string ContentType = "application/problem+json";

    /// <summary>The answer for an error.</summary>
    /// <param name="status">The HTTP status.</param>
    /// <param name="code">Stable, for example <c>job_not_found</c>.</param>
    /// <param name="title">The kind of error, the same each time.</param>
    /// <param name="detail">What was expected and what was found.</param>
    /// <param name="retryAfter">When the request may come again, in seconds; null says nothing about that.</param>
    public static IResult Result(int status, string code, string title, string detail, int? retryAfter = null) => new JsonAnswer(
        status,
        JsonSerializer.SerializeToUtf8Bytes(
            new ProblemDocument($"urn:nanodet:{code}", title, status, detail, code), ApiJson.Default.ProblemDocument),
        ContentType,
        retryAfter: retryAfter);

    /// <summary>500: a defect of the app, or something that it needs failed.</summary>
    /// <param name="function">The function that failed.</param>
    /// <param name="invocationId">Finds the cause in the log.</param>
    public static IResult Failed(string function, string invocationId) => Result(
        StatusCodes.Status500InternalServerError,
        "internal_error",
        "The app failed",
        $"{function} failed; the log has the cause of invocation {invocationId}.");

    /// <summary>400: the request cannot be understood or holds a value out of its range.</summary>
    public static IResult InvalidRequest(string detail) =>
        Result(StatusCodes.Status400BadRequest, PipelineErrorCodes.InvalidRequest, "The request is not valid", detail);

    /// <summary>400: the request names a model that is not published.</summary>
    public static IResult ModelNotServed(string detail) =>
        Result(StatusCodes.Status400BadRequest, FailureCodes.ModelNotServed, "There is no such model", detail);

    /// <summary>404: there is no such job.</summary>
    public static IResult JobNotFound(string jobId) =>
        Result(StatusCodes.Status404NotFound, "job_not_found", "There is no such job", $"No job has the id '{jobId}'.");

    /// <summary>409: the job is in a state that does not allow this.</summary>
    public static IResult Conflict(string code, string detail) =>
        Result(StatusCodes.Status409Conflict, code, "The job's state does not allow this", detail);

    /// <summary>503: the machine lacks a library or memory; the request may come again when it is there.</summary>
    /// <param name="code">One of <see cref="EnvironmentErrorCodes"/>.</param>
    /// <param name="detail">What is missing and what mends it.</param>
    public static IResult MachineLacks(string code, string detail) =>
        Result(StatusCodes.Status503ServiceUnavailable, code, "This machine cannot detect now", detail);

    /// <summary>503: the model is not there yet.</summary>
    public static IResult ModelNotReady(string detail) =>
        Result(StatusCodes.Status503ServiceUnavailable, "model_not_ready", "The model is not ready", detail);

    /// <summary>400 or 408: a body ended before its length, or a server on the way gave it up.</summary>
    /// <param name="exception">What the server says.</param>
    internal static IResult BodyIncomplete(BadHttpRequestException exception) => Result(
        exception.StatusCode,
        "body_incomplete",
        "The body did not come whole",
        $"Expected a body of the announced length, found one that ended early: {exception.Message} Send the request again.");

    /// <summary>413, 429 or 408: a body was not taken.</summary>
    /// <param name="fault">Why not.</param>
    /// <param name="limit">The most bytes that a body may have.</param>
    /// <param name="isImage">Whether an image was expected; else a request in JSON.</param>
    internal static IResult BodyRefused(BodyFault fault, long limit, bool isImage = true) => fault switch
    {
        BodyFault.TooMany => Result(
            StatusCodes.Status429TooManyRequests,
            "too_many_bodies",
            "Too many bodies come at the same time",
            "Other requests take all the room that this process has for bodies. Try again later, or send fewer at the same time.",
            retryAfter: 1),
        BodyFault.TooSlow => Result(
            StatusCodes.Status408RequestTimeout,
            "body_too_slow",
            "The body comes too slowly",
            $"The body did not arrive in time. Send it again over a faster connection{(isImage ? ", or put the image into storage" : "")}."),
        _ when !isImage => Result(
            StatusCodes.Status413PayloadTooLarge,
            "request_too_large",
            "The request is too large",
            $"Expected a body of at most {limit} bytes, found more."),
        _ => Result(
            StatusCodes.Status413PayloadTooLarge,
            ImageErrorCodes.TooLarge,
            "The image is too large",
            $"Expected at most {limit} bytes, found more."),
    };
}
