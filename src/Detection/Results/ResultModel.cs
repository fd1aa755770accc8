using System.Text.Json.Serialization;
using Nanodet.Detection.Forms;
using Nanodet.Detection.Inference;

namespace Nanodet.Detection.Results;

/// <summary>The model of a result.</summary>
/// <param name="Name">Name of the model.</param>
/// <param name="Version">Its version.</param>
/// <param name="Sha256">SHA-256 of the model file, 64 lower-case hex digits.</param>
/// <param name="InputWidth">Configured input width, in pixels.</param>
/// <param name="InputHeight">Configured input height, in pixels.</param>
public sealed record ResultModel(string Name, string Version, string Sha256, int InputWidth, int InputHeight)
{
    /// <summary>
    /// What the model computed in: <c>fp32</c>, <c>fp16</c> or <c>int8</c>; absent in results of versions that did not say so. The SHA-256
    /// is that of the very file, so that it tells precisions apart, too.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Precision { get; init; }

    /// <summary>Which form of a model with several served, such as <c>cpu-int8</c>; absent for a model of one file.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Form { get; init; }

    /// <summary>Describes a loaded model.</summary>
    /// <param name="model">The model.</param>
    public static ResultModel From(NanodetModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        var input = model.Description.Input;
        return new ResultModel(model.Description.Name, model.Version, model.Sha256, input.Width, input.Height)
        {
            Precision = FormNames.Of(model.Description.Precision),
            Form = model.Form is { } choice ? FormNames.Of(choice.Form) : null,
        };
    }
}
