namespace Nanodet.Checkpoints.StateDicts;

/// <summary>How a checkpoint wraps its tensors.</summary>
/// <param name="Averaged">
/// True where the weights are the exponential moving average that a trainer kept beside the live ones (<c>avg_model.*</c>).
/// </param>
/// <param name="Prefix">
/// The prefix that was taken off every name, such as <c>avg_model.</c>, <c>model.</c> or <c>module.</c>; empty for none. Not
/// among them is <c>_orig_mod.</c>, which torch.compile puts anywhere into a name: it is always taken out.
/// </param>
/// <param name="Trainer">True for the checkpoint of a trainer, which also holds epochs, optimizers and the like.</param>
/// <param name="Bare">True for a state dict without the usual <c>{"state_dict": ...}</c> around it.</param>
public sealed record CheckpointForm(bool Averaged, string Prefix, bool Trainer, bool Bare);
