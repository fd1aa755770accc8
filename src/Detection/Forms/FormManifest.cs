using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Nanodet.Detection.Description;

namespace Nanodet.Detection.Forms;

/// <summary>
/// Which forms a version of a model has: a small JSON file beside the ONNX file, whose name ends in <c>.forms.json</c>. The ONNX file
/// itself is the form <c>cpu-fp32</c>; the others have the form's name before their ending, such as <c>model.cpu-int8.onnx</c>. A model
/// without such a file has one form.
/// </summary>
public sealed record FormManifest
{
    /// <summary>The largest manifest that is read, in bytes.</summary>
    public const int MaxBytes = 64 << 10;

    /// <summary>How the name of a manifest ends.</summary>
    public const string Ending = ".forms.json";

    private const int Sha256Digits = 64;
    private const int VersionDigits = 12;

    /// <summary>Names forms.</summary>
    /// <param name="forms">Each once; one of them is <see cref="ModelForm.CpuFloat32"/>.</param>
    /// <exception cref="ModelLoadException">They are no such list.</exception>
    public FormManifest(IEnumerable<FormEntry> forms)
        : this(forms, "the forms of a model")
    {
    }

    private FormManifest(IEnumerable<FormEntry> forms, string where)
    {
        ArgumentNullException.ThrowIfNull(forms);
        Forms = [.. forms.OrderBy(entry => entry.Form)];
        if (Forms.Select(entry => entry.Form).Distinct().Count() != Forms.Count
            || Forms.All(entry => entry.Form != ModelForm.CpuFloat32)
            || !Forms.All(entry => Enum.IsDefined(entry.Form) && entry.Bytes > 0 && IsSha256(entry.Sha256)))
        {
            throw ModelLoadException.Contract(
                $"{where}: expected forms that differ, {FormNames.Of(ModelForm.CpuFloat32)} among them, each with its size and "
                + $"a SHA-256 of 64 lower-case hex digits, found [{string.Join(", ", Forms)}].");
        }
    }

    /// <summary>Always 1.</summary>
    public int SchemaVersion { get; } = 1;

    /// <summary>The forms, in the order of <see cref="ModelForm"/>.</summary>
    public IReadOnlyList<FormEntry> Forms { get; }

    /// <summary>The form that every version has.</summary>
    internal FormEntry Primary => Forms[0];

    /// <summary>
    /// The version of a set that was given none: the first 12 digits of the SHA-256 of its only file, or of the list of its files.
    /// </summary>
    internal string Version => Forms.Count == 1
        ? Primary.Sha256[..VersionDigits]
        : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(
            Forms.Select(entry => $"{FormNames.Of(entry.Form)} {entry.Sha256}\n")))))[..VersionDigits];

    /// <summary>The name of a version's manifest.</summary>
    /// <param name="onnx">Path or blob name of its ONNX file.</param>
    public static string NameOf(string onnx) => Path.ChangeExtension(onnx, Ending);

    /// <summary>The name of a form's ONNX file.</summary>
    /// <param name="onnx">Path or blob name of the version's ONNX file.</param>
    /// <param name="form">The form.</param>
    public static string FileOf(string onnx, ModelForm form)
    {
        ArgumentNullException.ThrowIfNull(onnx);
        return form == ModelForm.CpuFloat32 ? onnx : Path.ChangeExtension(onnx, $".{FormNames.Of(form)}.onnx");
    }

    /// <summary>Reads a manifest.</summary>
    /// <param name="utf8Json">Its bytes.</param>
    /// <param name="where">Where it lies, for messages.</param>
    /// <exception cref="ModelLoadException">It is none.</exception>
    public static FormManifest Parse(ReadOnlySpan<byte> utf8Json, string where)
    {
        FormManifestData? data;
        try
        {
            data = JsonSerializer.Deserialize(utf8Json, FormManifestJson.Default.FormManifestData);
        }
        catch (JsonException exception)
        {
            throw new ModelLoadException(
                ModelErrorCodes.ContractViolated,
                $"{where}: expected a list of the model's forms as JSON, found: {exception.Message}",
                exception);
        }

        return data is { SchemaVersion: 1, Forms.Count: > 0 } && data.Forms.All(entry => entry is not null)
            ? new FormManifest(data.Forms, where)
            : throw ModelLoadException.Contract(
                $"{where}: expected schema version 1 and at least one form, found version {data?.SchemaVersion} "
                + $"and {data?.Forms?.Count ?? 0} forms.");
    }

    /// <summary>Reads the manifest beside a model file; null where there is none.</summary>
    /// <param name="onnx">Path of the ONNX file.</param>
    /// <exception cref="ModelLoadException">What lies there is no manifest.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static FormManifest? FindBeside(string onnx)
    {
        ArgumentNullException.ThrowIfNull(onnx);
        var file = new FileInfo(NameOf(onnx));
        return !file.Exists
            ? null
            : file.Length <= MaxBytes
                ? Parse(File.ReadAllBytes(file.FullName), file.Name)
                : throw ModelLoadException.Contract($"{file.Name}: expected at most {MaxBytes} bytes, found {file.Length}.");
    }

    /// <summary>The manifest's bytes; the same forms give the same bytes.</summary>
    public byte[] ToUtf8Json() =>
        JsonSerializer.SerializeToUtf8Bytes(new FormManifestData(SchemaVersion, Forms), FormManifestJson.Default.FormManifestData);

    /// <summary>The entry of a form; null when the version does not have it.</summary>
    /// <param name="form">The form.</param>
    public FormEntry? Find(ModelForm form) => Forms.FirstOrDefault(entry => entry.Form == form);

    /// <summary>Refuses a manifest that belongs to another model file than the one beside it.</summary>
    /// <param name="sha256">SHA-256 of the ONNX file.</param>
    /// <param name="where">Where the manifest lies, for the message.</param>
    /// <exception cref="ModelLoadException"><see cref="ModelErrorCodes.Corrupt"/>.</exception>
    internal void EnsureBelongsTo(string sha256, string where)
    {
        if (Primary.Sha256 != sha256)
        {
            throw new ModelLoadException(
                ModelErrorCodes.Corrupt,
                $"{where}: expected the forms of the model beside it, SHA-256 {sha256}, found those of {Primary.Sha256}. "
                + "Make the forms again, or remove the file.");
        }
    }

    private static bool IsSha256(string? text) =>
        text is { Length: Sha256Digits } && text.All(digit => char.IsAsciiHexDigitLower(digit));
}
