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
    /// <summary>Describes a loaded model.</summary>
    /// <param name="model">The model.</param>
    public static ResultModel From(NanodetModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        var input = model.Description.Input;
        return new ResultModel(model.Description.Name, model.Version, model.Sha256, input.Width, input.Height);
    }
}
