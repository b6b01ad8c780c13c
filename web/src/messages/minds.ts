/** The words for models, wherever they are shown. */

const TITLES: Readonly<Record<string, string>> = {
  openai: 'OpenAI',
  anthropic: 'Anthropic',
  gemini: 'Gemini',
  deepseek: 'DeepSeek',
  compatible: 'a compatible server',
  lmstudio: 'LM Studio',
  ollama: 'Ollama',
  llamacpp: 'llama.cpp',
  scripted: 'the house’s troupe',
}

/** A provider's name as people write it. */
export const providerTitle = (name: string): string => TITLES[name] ?? name

export const minds = {
  badges: { vision: 'sees', thinking: 'thinks', loaded: 'in memory', usual: 'usual' },
  recast: 'Change',
  recastOf: (name: string, model: string) =>
    `Played by ${model}. Change the mind of ${name.replace(/^The /, 'the ')}`,
} as const
