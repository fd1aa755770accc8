using System.Net.Sockets;
using Azure;
using Azure.Identity;

namespace Nanodet.Serverless.Pipeline.Storage;

/// <summary>Says what to do about storage that refuses: its own messages say what happened, and run over many lines.</summary>
public static class StorageFailure
{
    /// <summary>The role that reads and writes blobs, by its name in Azure.</summary>
    public const string BlobRole = "Storage Blob Data Contributor";

    /// <summary>The role that reads and writes messages, by its name in Azure.</summary>
    public const string QueueRole = "Storage Queue Data Contributor";

    private const string Identity =
        "In Azure assign a managed identity and name a user-assigned one by the connection's 'clientId'; elsewhere sign in, for example "
        + "by 'az login'.";

    /// <summary>One line: what storage answered, and what mends it where that is known. No key and no token is in it.</summary>
    /// <param name="exception">What was thrown.</param>
    /// <returns>Null for what is neither storage's nor the identity's.</returns>
    public static string? Explain(Exception exception) => exception switch
    {
        RequestFailedException failure => Explain(failure),
        CredentialUnavailableException => $"Expected a managed identity or a signed-in user, found none. {Identity}",
        AuthenticationFailedException failed => $"The identity got no token: {FirstLine(failed.Message)} {Identity}",
        AggregateException { InnerException: { } inner } => Explain(inner),
        _ => null,
    };

    /// <summary>
    /// Whether an Azure service or the identity has failed, in whatever way its client says so: an answer that refuses, no connection, a
    /// content that breaks off, all of that after several tries, and a timeout, which comes as a cancellation that nobody asked for.
    /// </summary>
    /// <param name="exception">What the client threw.</param>
    /// <param name="ownToken">The token that the client was given: only what this one cancels is a cancellation.</param>
    public static bool Is(Exception exception, CancellationToken ownToken) => exception switch
    {
        RequestFailedException or AuthenticationFailedException => true,
        HttpRequestException or HttpIOException or IOException { InnerException: SocketException } => true,
        OperationCanceledException => !IsCancellation(exception, ownToken),
        AggregateException several => several.InnerExceptions.Any(inner => Is(inner, ownToken)),
        _ => false,
    };

    /// <summary>Whether something ended because its own token was cancelled. A client's timeout looks the same and is a failure.</summary>
    /// <param name="exception">What was thrown.</param>
    /// <param name="ownToken">The token that it was given.</param>
    public static bool IsCancellation(Exception exception, CancellationToken ownToken) =>
        exception is OperationCanceledException && ownToken.IsCancellationRequested;

    private static string Explain(RequestFailedException failure)
    {
        var advice = Advise(failure);
        var line = failure.Status == 0
            ? $"Storage cannot be reached: {FirstLine(failure.Message)}"
            : $"Storage answered {failure.Status} {failure.ErrorCode}: {FirstLine(failure.Message)}";
        return advice is null ? line : $"{line} {advice}";
    }

    private static string? Advise(RequestFailedException failure) => (failure.Status, failure.ErrorCode) switch
    {
        (403, "AuthorizationPermissionMismatch") or (403, "AuthorizationPermissionDenied") =>
            $"The identity lacks a role: assign '{BlobRole}' for blobs, '{QueueRole}' for queues, on this account; an "
            + "assignment takes some minutes to work.",
        (403, "KeyBasedAuthenticationNotPermitted") =>
            "The account takes no keys: replace the connection string by '<connection>__accountName' and, where the identity is "
            + "user-assigned, '<connection>__clientId'.",
        (403, "AuthorizationFailure") =>
            "Either the account's network rules shut this machine out, or a key or signature is wrong: "
            + "allow the network, or use an identity.",
        (401, _) or (403, "AuthenticationFailed") or (403, "InvalidAuthenticationInfo") =>
            "The token or key is not accepted: a token has to be of the account's tenant, for the audience https://storage.azure.com, and "
            + "not expired (compare the clocks); a key has to be the account's present one.",
        _ => null,
    };

    private static string FirstLine(string text) => text.Split('\n', 2)[0].Trim();
}
