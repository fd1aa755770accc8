using System.Text.RegularExpressions;

namespace Nanodet.Serverless.LocalHost.Logging;

/// <summary>
/// Masks what must not stand in a log, whoever wrote it: connection strings, account keys, signatures of shared access, function keys and
/// bearer tokens. The app logs none of them; an exception of a library may.
/// </summary>
internal static partial class SecretMask
{
    private const string Mask = "***";

    /// <summary>The text without secrets.</summary>
    public static string Apply(string text)
    {
        var masked = ConnectionString().Replace(text, "(connection string)");
        masked = Named().Replace(masked, $"${{name}}{Mask}");
        masked = Query().Replace(masked, $"${{name}}{Mask}");
        return Scheme().Replace(masked, $"${{name}}{Mask}");
    }

    // Pairs with semicolons between them, a key among them.
    [GeneratedRegex(
        """\b(\w+=[^;\s"',]*;)*(AccountKey|SharedAccessKey|SharedAccessSignature|InstrumentationKey)=[^;\s"',]+(;\w+=[^;\s"',]*)*;?""",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex ConnectionString();

    // As a setting, a header or a property in JSON.
    [GeneratedRegex(
        """(?<name>(account_?key|shared_?access_?key|client_?secret|password|x-functions-key|api-key)["']?\s*[:=]\s*["']?)[^\s"',;&]+""",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Named();

    // In an address.
    [GeneratedRegex(
        """(?<name>[?&](sig|code|key|token)=)[^\s"'&<>]+""",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Query();

    [GeneratedRegex(
        """(?<name>\b(Bearer|SharedKey|SharedKeyLite)\s+)[A-Za-z0-9._~+/=:\-]{16,}""",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Scheme();
}
