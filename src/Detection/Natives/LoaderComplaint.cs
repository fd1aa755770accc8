using System.Text.RegularExpressions;

namespace Nanodet.Detection.Natives;

/// <summary>What a system's loader said about a library, as the runtime, ONNX Runtime or another library passes it on.</summary>
/// <param name="Code"><see cref="EnvironmentErrorCodes.LibraryMissing"/> or <see cref="EnvironmentErrorCodes.LibraryUnusable"/>.</param>
/// <param name="Library">File name of the library that it is about.</param>
/// <param name="Detail">Why it cannot be used; null for one that is missing.</param>
internal sealed partial record LoaderComplaint(string Code, string Library, string? Detail)
{
    /// <summary>Finds the library to blame in a text of one or more lines; null when no loader speaks there.</summary>
    /// <param name="text">The text.</param>
    /// <param name="asked">
    /// What the program asked for, in any spelling. The loader tells of each place where it looked; what it says about another library is
    /// the reason, and what it says about this one often only where it is not.
    /// </param>
    internal static LoaderComplaint? Find(string text, string? asked = null)
    {
        var missing = Missing().Matches(text).Select(match => Name(match)).ToArray();
        if (missing.FirstOrDefault(name => !IsSame(name, asked)) is { } dependency)
        {
            return new LoaderComplaint(EnvironmentErrorCodes.LibraryMissing, dependency, Detail: null);
        }

        if (Unusable().Match(text) is { Success: true } unusable)
        {
            return new LoaderComplaint(EnvironmentErrorCodes.LibraryUnusable, Name(unusable), unusable.Groups["detail"].Value.Trim());
        }

        return missing.Length > 0 ? new LoaderComplaint(EnvironmentErrorCodes.LibraryMissing, missing[0], Detail: null) : null;
    }

    /// <summary>
    /// The name that every spelling of a library has in common: without folder, <c>lib</c> and ending. .NET also tries names with one of
    /// them put to a name that has it already, such as <c>liblibvips.so.42</c> and <c>libvips.so.42.so</c>.
    /// </summary>
    internal static string Stem(string library)
    {
        var name = Path.GetFileName(library.Replace('\\', '/'));
        while (name.StartsWith("lib", StringComparison.Ordinal))
        {
            name = name[3..];
        }

        return Ending().Replace(name, string.Empty);
    }

    /// <summary>Whether two spellings mean one library.</summary>
    internal static bool IsSame(string library, string? asked) =>
        asked is not null && string.Equals(Stem(library), Stem(asked), StringComparison.OrdinalIgnoreCase);

    private static string Name(Match match) => Path.GetFileName(match.Groups["library"].Value.Replace('\\', '/'));

    // glibc, musl, macOS; in this order.
    [GeneratedRegex(
        @"(?<library>[^\s:'""]+): cannot open shared object file: No such file"
        + @"|Error loading shared library (?<library>[^\s:]+): No such file"
        + @"|Library not loaded: (?<library>\S+)",
        RegexOptions.CultureInvariant)]
    private static partial Regex Missing();

    [GeneratedRegex(
        @"(?<library>[^\s:'""]+): (?<detail>wrong ELF class[^\r\n]*|invalid ELF header|file too short|version [^\r\n]* not found[^\r\n]*|undefined symbol[^\r\n]*"
        + @"|cannot open shared object file: Permission denied|cannot read file data[^\r\n]*|ELF file[^\r\n]*|[^\r\n]*cannot allocate memory in static TLS block"
        + @"|failed to map segment[^\r\n]*)"
        + @"|Error loading shared library (?<library>[^\s:]+): (?<detail>Exec format error|Permission denied)"
        + @"|Error relocating (?<library>[^\s:]+): (?<detail>[^\r\n]*symbol not found)"
        + @"|(?<library>[^\s'""(]+)' \((?<detail>mach-o file, but is an incompatible architecture[^)]*)\)",
        RegexOptions.CultureInvariant)]
    private static partial Regex Unusable();

    [GeneratedRegex(@"(\.so(\.\d+)*|\.dll|(\.\d+)*\.dylib)+$", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Ending();
}
