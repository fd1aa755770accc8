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
    /// Whether storage, the network on the way to it or the identity is at fault, whatever the client made of it: several tries without an
    /// answer come out as one exception of many, and a time that ran out as a cancellation that nobody asked for.
    /// </summary>
    /// <param name="exception">What was thrown.</param>
    /// <param name="cancellationToken">The caller's: once it is cancelled, a cancellation is his.</param>
    public static bool Is(Exception exception, CancellationToken cancellationToken) => exception switch
    {
        RequestFailedException or AuthenticationFailedException or HttpRequestException or IOException => true,
        OperationCanceledException => !cancellationToken.IsCancellationRequested,
        AggregateException many => many.InnerExceptions.Count > 0 && many.InnerExceptions.All(inner => Is(inner, cancellationToken)),
        _ => false,
    };

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
