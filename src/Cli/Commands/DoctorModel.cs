using Nanodet.Detection;
using Nanodet.Detection.Description;
using Nanodet.Detection.Forms;
using Nanodet.Detection.Inference;
using Nanodet.Detection.Natives;

namespace Nanodet.Serverless.Cli.Commands;

/// <summary>What became of a model that was loaded and replayed.</summary>
/// <param name="File">Its path.</param>
/// <param name="Name">Its name; null when it could not be loaded.</param>
/// <param name="Sha256">SHA-256 of the file; null when it could not be loaded.</param>
/// <param name="Provider">What ran it; null when nothing did.</param>
/// <param name="FallbackReason">Why that is the CPU although a GPU was preferred, or null.</param>
/// <param name="Runs">How its runs are made; null when it could not be loaded.</param>
/// <param name="Shapes">What it is ready for on a GPU; empty on the CPU, or when it could not be loaded.</param>
/// <param name="Parity">What replaying its parity fixture showed; null when it could not be loaded.</param>
/// <param name="Problem">Why it must not serve; null when it may.</param>
internal sealed record DoctorModel(
    string File,
    string? Name,
    string? Sha256,
    string? Provider,
    string? FallbackReason,
    RunMode? Runs,
    IReadOnlyList<ShapeStatus> Shapes,
    ParityResult? Parity,
    DoctorProblem? Problem)
{
    /// <summary>Which form of the model a worker would serve here, and why; null for a model of one file.</summary>
    public FormChoice? Form { get; init; }

    /// <summary>Loads a model as a worker would, and replays its fixture.</summary>
    public static DoctorModel Check(FileInfo file, bool requireGpu)
    {
        try
        {
            using var model = NanodetModel.LoadBest(
                file.FullName, new ModelOptions { RequireGpu = requireGpu, ConcurrentRuns = Environment.ProcessorCount });
            var parity = ParityFixture.Verify(model);
            var problem = parity.Problem is { } reason ? new DoctorProblem(ModelErrorCodes.ParityFailed, reason) : null;
            return new DoctorModel(
                file.FullName,
                model.Description.Name,
                model.Sha256,
                model.Provider.Name,
                model.Provider.FallbackReason,
                model.Runs,
                model.Shapes,
                parity,
                problem)
            {
                Form = model.Form,
            };
        }
        catch (EnvironmentException exception)
        {
            return NotLoaded(file, exception);
        }
        catch (ModelLoadException exception)
        {
            return NotLoaded(file, exception);
        }
    }

    private static DoctorModel NotLoaded(FileInfo file, NanodetException exception) =>
        new(file.FullName, null, null, null, null, null, [], null, new DoctorProblem(exception.Code, exception.Message));
}
