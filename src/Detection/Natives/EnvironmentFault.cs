using System.Text.RegularExpressions;
using Microsoft.ML.OnnxRuntime;

namespace Nanodet.Detection.Natives;

/// <summary>
/// Tells the machine's failures from all others: a library that is missing or unusable and too little memory, wherever in an exception they
/// hide.
/// </summary>
public static partial class EnvironmentFault
{
    private const string Restart = " .NET tries this library once: restart the process when it is mended.";

    /// <summary>The machine's fault in an exception, or null where there is none.</summary>
    /// <param name="exception">Any exception, with those inside it.</param>
    public static EnvironmentException? From(Exception? exception) => exception switch
    {
        null => null,
        EnvironmentException known => known,

        // An image that cannot be used stays one, whatever its decoder complained about.
        NanodetException { IsAboutInput: true } => null,
        AggregateException several => several.InnerExceptions.Select(From).FirstOrDefault(fault => fault is not null),
        TypeInitializationException initializer => FromInitializer(initializer),
        DllNotFoundException or BadImageFormatException => FromLoader(exception),
        EntryPointNotFoundException => Unusable(
            Quoted(exception.Message).Skip(1).FirstOrDefault() ?? "a native library",
            null,
            $"it has no function '{Quoted(exception.Message).FirstOrDefault()}': it is another library of that name, or too old",
            exception),
        OutOfMemoryException => OutOfMemory(exception),
        OnnxRuntimeException or GpuException when SessionFault.IsOutOfMemory(exception) => OutOfMemory(exception),
        OnnxRuntimeException when exception.Message.Contains("Failed to load library", StringComparison.OrdinalIgnoreCase)
            && LoaderComplaint.Find(exception.Message) is { } complaint => Of(complaint, null, exception),
        _ => From(exception.InnerException),
    };

    /// <summary>What <see cref="NativeLibraries"/> could not load.</summary>
    /// <param name="library">The library.</param>
    /// <param name="path">Its file; null where there is none.</param>
    /// <param name="exception">What the runtime said.</param>
    internal static EnvironmentException Of(NativeLibraryInfo library, string? path, Exception exception)
    {
        if (path is not null && NativeFiles.FindMissing(path) is { Count: > 0 } missing)
        {
            return MissingNeeds(library, missing, exception);
        }

        var complaint = LoaderComplaint.Find(exception.Message, library.File);
        return complaint is not null && (path is not null || complaint.Code != EnvironmentErrorCodes.LibraryMissing)
            ? Of(complaint, library, exception)
            : path is null
                ? Missing(library.File, library, exception)
                : Unusable(library.File, library, OneLine(exception.Message), exception);
    }

    /// <summary>A library that is not there.</summary>
    /// <param name="file">Its file name.</param>
    /// <param name="user">What it is, or what needs it; null where that is not known.</param>
    /// <param name="exception">The complaint.</param>
    internal static EnvironmentException Missing(string file, NativeLibraryInfo? user, Exception? exception)
    {
        if (user is not null && user.File != file)
        {
            return MissingNeeds(user, [file], exception);
        }

        var package = user?.Package;
        var purpose = user is null ? string.Empty : $", which {user.Purpose},";
        var where = package is not null ? string.Join(", ", NativeFiles.Folders) : "the system's library folders";
        return new EnvironmentException(
            EnvironmentErrorCodes.LibraryMissing,
            file,
            $"{file}{purpose} is missing; looked for in {where}. {Mend(package, file)}",
            exception);
    }

    /// <summary>A library that is there and needs others that are not.</summary>
    internal static EnvironmentException MissingNeeds(NativeLibraryInfo user, IReadOnlyList<string> missing, Exception? exception) => new(
        EnvironmentErrorCodes.LibraryMissing,
        missing[0],
        $"{string.Join(", ", missing)} {(missing.Count == 1 ? "is" : "are")} missing, needed by {user.File}, which {user.Purpose}; "
        + "looked for in the system's library folders. "
        + Mend(package: null, missing),
        exception);

    /// <summary>A library that is there and cannot be used.</summary>
    internal static EnvironmentException Unusable(string file, NativeLibraryInfo? user, string detail, Exception? exception)
    {
        var purpose = user is null ? string.Empty
            : user.File == file ? $", which {user.Purpose},"
            : $", needed by {user.File}, which {user.Purpose},";
        return new EnvironmentException(
            EnvironmentErrorCodes.LibraryUnusable,
            file,
            $"{file}{purpose} cannot be used: {detail}. {Mend(user?.File == file ? user.Package : null, file)}",
            exception);
    }

    /// <summary>A text without line breaks.</summary>
    internal static string OneLine(string text) => Spaces().Replace(text.Trim(), " ");

    private static EnvironmentException OutOfMemory(Exception exception) => new(
        EnvironmentErrorCodes.OutOfMemory,
        library: null,
        $"Expected more memory than there is: {OneLine(exception.Message)} "
        + "Give the machine or container more of it, or have less done at a time "
        + "(fewer images in a run: MaxRunSize; fewer runs at a time: Lanes, and ConcurrentBatches of the worker; smaller images: Limits).",
        exception);

    /// <summary>A type that could not be initialised stays so until the process ends.</summary>
    private static EnvironmentException? FromInitializer(TypeInitializationException exception)
    {
        var inner = From(exception.InnerException);
        if (inner is null)
        {
            var user = NativeLibraries.All.FirstOrDefault(library => library.Caller is { } caller
                && exception.TypeName.StartsWith($"{caller().GetName().Name}.", StringComparison.Ordinal));
            inner = user is null ? null : Unusable(user.File, user, OneLine((exception.InnerException ?? exception).Message), exception);
        }

        return inner is null || inner.Code == EnvironmentErrorCodes.OutOfMemory
            ? inner
            : new EnvironmentException(inner.Code, inner.Library, inner.Message + Restart, exception);
    }

    private static EnvironmentException FromLoader(Exception exception)
    {
        var asked = Quoted(exception.Message).FirstOrDefault();
        var user = asked is null
            ? null
            : NativeLibraries.All.FirstOrDefault(library => LoaderComplaint.Stem(library.File) == LoaderComplaint.Stem(asked));
        return user is not null
            ? Of(user, NativeFiles.Find(user.File), exception)
            : LoaderComplaint.Find(exception.Message, asked) is { } complaint
                ? Of(
                    LoaderComplaint.IsSame(complaint.Library, asked) ? complaint with { Library = Path.GetFileName(asked)! } : complaint,
                    null,
                    exception)
                : exception is BadImageFormatException
                    ? Unusable(asked ?? "a native library", null, OneLine(exception.Message), exception)
                    : Missing(asked ?? "a native library", null, exception);
    }

    private static EnvironmentException Of(LoaderComplaint complaint, NativeLibraryInfo? user, Exception exception) =>
        complaint.Code == EnvironmentErrorCodes.LibraryMissing
            ? Missing(complaint.Library, user, exception)
            : Unusable(complaint.Library, user, complaint.Detail!, exception);

    private static string Mend(string? package, params IReadOnlyList<string> libraries) => package is not null
        ? $"It comes with the program, from the NuGet package {package}: "
            + "have the project reference that package, and build, publish or unpack "
            + "the program again, for this system and processor."
        : SystemPackages.FindCommands(libraries) ?? "Install it, or have the loader look where it lies.";

    private static IEnumerable<string> Quoted(string text) => QuotedText().Matches(text).Select(match => match.Groups[1].Value);

    [GeneratedRegex("['\"\u201c]([^'\"\u201d]+)['\"\u201d]", RegexOptions.CultureInvariant)]
    private static partial Regex QuotedText();

    [GeneratedRegex(@"\s+", RegexOptions.CultureInvariant)]
    private static partial Regex Spaces();
}
