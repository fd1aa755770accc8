using Nanodet.Checkpoints.Export;
using Nanodet.Detection.Inference;

namespace Nanodet.Serverless.Cli;

/// <summary>
/// A model as it is served: exported by the one project, with the parity fixture that the other computes. The two do not know each
/// other and meet here.
/// </summary>
internal static class ModelMaker
{
    /// <summary>Makes a model.</summary>
    /// <param name="checkpoint">The checkpoint file.</param>
    /// <param name="config">The config file.</param>
    /// <param name="name">Name of the model.</param>
    /// <returns>The export, its bytes with the fixture inside.</returns>
    public static ExportedModel Make(byte[] checkpoint, byte[] config, string name) => WithParity(ModelExporter.Export(checkpoint, config, name));

    /// <summary>Adds the parity fixture to an export: what the plain graph computes, for whichever graph is served to be held against.</summary>
    public static ExportedModel WithParity(ExportedModel exported) => exported.WithParity(ParityFixture.Compute);
}
